/**
 * Loaded by mocha before any test. Node-RED ends its process on a promise that rejects with nobody listening, but mocha
 * lets it pass; here it fails the test that runs at that moment.
 */
process.on('unhandledRejection', (reason) => {
  throw reason;
});
