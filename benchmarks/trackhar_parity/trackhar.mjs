// What TrackHAR finds in a HAR file, as a user of it would ask: node trackhar.mjs FILE.har
// Prints {"seconds": spent on it, "entries": [[finding, ...] or null, ...]}; values stay here.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { process as extract } from 'trackhar';

const har = JSON.parse(readFileSync(process.argv[2], 'utf8'));
let found;
let seconds = Infinity; // the best of three: small files are read before anything is warm
for (let run = 0; run < 3; run++) {
    const begin = performance.now();
    found = await extract(har);
    seconds = Math.min(seconds, (performance.now() - begin) / 1000);
}
const entries = found.map(
    (entry) =>
        entry?.map(({ adapter, property, context, path }) => ({ adapter, property, context, path })) ??
        null,
);
console.log(JSON.stringify({ seconds, entries }));
