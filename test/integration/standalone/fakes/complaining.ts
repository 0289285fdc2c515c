/** Does not like its settings. */
console.error('SIGHTGLASS_TEST=x is not allowed; allowed: y');
process.exit(1);
