// Requests come as lines of JSON on standard input, answers go out the same way, one after the other.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.argv[2]}/package.json`);

// A package of the pinned peers, which lie beside their package.json and not beside this file.
export const peer = (name) => import(pathToFileURL(require.resolve(name)));

export async function serve(operations) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { op, ...request } = JSON.parse(line);
    let answer;
    try {
      answer = await operations[op](request);
    } catch (error) {
      const { name, code, message, error: oauth, error_description, cause } = error;
      answer = { error: { name, code, message, oauth, error_description, cause: String(cause?.message ?? "") } };
    }
    process.stdout.write(`${JSON.stringify(answer ?? {})}\n`);
  }
  process.exit(0);
}
