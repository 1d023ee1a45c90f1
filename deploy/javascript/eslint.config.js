// Rules for the scripts of the console: those of ESLint, documentation of what is exported, plain
// names, short lines and files.

import js from "@eslint/js";
import jsdoc from "eslint-plugin-jsdoc";
import globals from "globals";
import process from "node:process";

/** The names that deploy/vocabulary.py bans, as deploy/javascript/tools.py hands them over. */
const BANNED_NAMES = (process.env.BANNED_NAMES ?? "").split(" ").filter(Boolean);

export default [
  js.configs.recommended,
  jsdoc.configs["flat/recommended-typescript-flavor-error"],
  {
    files: ["**/*.js"],
    languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "arrow-body-style": "error",
      eqeqeq: "error",
      "id-denylist": ["error", ...BANNED_NAMES],
      "max-len": ["error", { code: 100 }],
      "max-lines": ["error", { max: 400 }],
      "no-shadow": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
  {
    settings: { jsdoc: { mode: "typescript" } },
    rules: {
      "jsdoc/multiline-blocks": "off",
      "jsdoc/require-jsdoc": ["error", { publicOnly: true, require: { ClassDeclaration: true } }],
      "jsdoc/require-description": ["error", { contexts: ["ExportNamedDeclaration"] }],
      "jsdoc/require-param": "error",
      "jsdoc/require-param-description": "off",
      "jsdoc/require-property-description": "off",
      "jsdoc/require-returns": "off",
      "jsdoc/require-returns-description": "off",
      "jsdoc/require-template-description": "off",
      "jsdoc/tag-lines": "off",
    },
  },
];
