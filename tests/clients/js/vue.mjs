// Compile a component of Vue from the standard input, as its plugins for bundlers do.

import { readFileSync } from "node:fs";
import { compileScript, parse } from "vue/compiler-sfc";

const { descriptor } = parse(readFileSync(0, "utf8"));
const isCustomElement = (tag) => tag.startsWith("picasso-");
const options = { id: "example", inlineTemplate: true, templateOptions: { compilerOptions: { isCustomElement } } };
process.stdout.write(compileScript(descriptor, options).content);
