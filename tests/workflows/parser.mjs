// Prints as JSON what GitHub's own parser has to say against a workflow file.
import { readFileSync } from "node:fs";
import { NoOperationTraceWriter, parseWorkflow, convertWorkflowTemplate } from "@actions/workflow-parser";

const path = process.argv[2];
const parsed = parseWorkflow({ name: path, content: readFileSync(path, "utf8") }, new NoOperationTraceWriter());
const faults = parsed.context.errors.getErrors().map((fault) => fault.message);
if (parsed.value) {
  const made = await convertWorkflowTemplate(parsed.context, parsed.value);
  faults.push(...(made.errors ?? []).map((fault) => fault.Message));
}
console.log(JSON.stringify([...new Set(faults)]));
