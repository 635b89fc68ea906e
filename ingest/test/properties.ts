import fc from 'fast-check';

// CI judges a change and takes the same cases each time; every other run takes others.
if (process.env['CI']) fc.configureGlobal({ seed: 20_261_121 });
