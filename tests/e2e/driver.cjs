/* Node reads this before Playwright's driver. Whenever an `expect` finds that it has to wait, the driver writes down
   the page as assistive software has it, up to eight times a second, to tell of the last of them should the test fail:
   for that it asks each element for its style, its role and its name, a twentieth of all that browsers take. Of a test
   that fails the page itself is kept (conftest.py). */

const { Module } = require("node:module");

const WRITES = "ariaSnapshotForExpectFailure(element, options) {";
const compile = Module.prototype._compile;

Module.prototype._compile = function (text, name, ...rest) {
  if (!name.endsWith("coreBundle.js")) {
    return compile.call(this, text, name, ...rest);
  }
  const [before, after, ...others] = text.split(WRITES);
  if (after === undefined || others.length) {
    throw new Error("Playwright writes pages down otherwise than tests/e2e/driver.cjs knows.");
  }
  return compile.call(this, `${before}${WRITES} return "";${after}`, name, ...rest);
};
