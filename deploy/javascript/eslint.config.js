// Rules for the scripts of the console: those of ESLint, documentation of what is exported, plain
// names, short lines and files.

import js from "@eslint/js";
import jsdoc from "eslint-plugin-jsdoc";
import globals from "globals";

/** Pronouns, participles and story words: a name says what the value is. */
const VAGUE_NAMES = [
  ..."one ones other others it they theirs mine his ours who whom what such those these".split(" "),
  ..."both each rest found seen told known kept wanted given held taken made gone".split(" "),
  ..."heard said meant fallen lost chosen standing waiting behind about over again".split(" "),
  ..."still yet here there same whole way thing stuff glide gist weigh scene desk ear".split(" "),
  ..."wish lane cast oracle echo fold gather seat pulse tally upkeep walk quick take".split(" "),
  ..."give hand hear tell look keep stand".split(" "),
];

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
      "id-denylist": ["error", ...VAGUE_NAMES],
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
