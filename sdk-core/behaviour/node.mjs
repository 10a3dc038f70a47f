// Runs the suite as WebAssembly. The module's folder is the first argument.
import { createRequire } from "node:module";
import path from "node:path";

const { run } = createRequire(import.meta.url)(path.resolve(process.argv[2], "acd_behaviour.js"));
try {
  console.log(await run(process.env.ACD_BEHAVIOUR_URL));
} catch (failed) {
  console.error(failed);
  process.exitCode = 1;
}
