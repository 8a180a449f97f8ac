// Runs TrackHAR over a HAR file as a user of it would, and says what it found.
// node trackhar.mjs FILE.har INDICATORS.json   (indicators: {property: [value, ...]}, may be {})
import { readFileSync } from 'node:fs';
import { process as extract } from 'trackhar';

const [, , file, indicators] = process.argv;
const indicatorValues = JSON.parse(readFileSync(indicators, 'utf8'));
const har = JSON.parse(readFileSync(file, 'utf8'));
const options = Object.keys(indicatorValues).length > 0 ? { indicatorValues } : {};
const found = await extract(har, options);
const values = found.reduce((sum, request) => sum + (request?.length ?? 0), 0);
console.log(JSON.stringify({ requests: found.length, values }));
