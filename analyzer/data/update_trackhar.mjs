// Prints what the adapters of TrackHAR say, as JSON: node update_trackhar.mjs FOLDER-OF-THE-PACKAGE
// Regular expressions become {"regex": source}, functions of `match` their text.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = resolve(process.argv[2]);
const { adapters } = await import(pathToFileURL(join(folder, 'dist/index.js')));
const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const plain = (given) => (given instanceof RegExp ? { regex: given.source } : given);
const told = adapters.map((adapter) => ({
    tracker: adapter.tracker.slug,
    slug: adapter.slug,
    urls: adapter.endpointUrls.map(plain),
    match: adapter.match ? adapter.match.toString() : '',
    steps: adapter.decodingSteps,
    facts: Object.entries(adapter.containedDataPaths).flatMap(([property, paths]) =>
        [paths].flat().map((each) => ({
            property,
            context: each.context,
            path: each.path,
            reasoning: each.reasoning,
            notIf: plain(each.notIf),
            onlyIf: plain(each.onlyIf),
        })),
    ),
}));
process.stdout.write(JSON.stringify({ version, adapters: told }));
