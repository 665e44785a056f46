/** What a search server calls the language of a file: by the last part of its name, else by the whole name. */
export function languageOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const dot = name.lastIndexOf('.')
  const suffix = dot === -1 ? '' : name.slice(dot + 1)
  return BY_SUFFIX.get(suffix) ?? BY_NAME.get(name) ?? 'unknown'
}

const SUFFIXES = {
  python: 'py pyi',
  javascript: 'js jsx mjs cjs',
  typescript: 'ts tsx mts cts',
  java: 'java',
  go: 'go',
  rust: 'rs',
  ruby: 'rb',
  php: 'php',
  c: 'c h',
  cpp: 'cpp cc cxx hpp hh hxx',
  csharp: 'cs csx',
  kotlin: 'kt kts',
  swift: 'swift',
  scala: 'scala',
  shell: 'sh bash zsh fish',
  powershell: 'ps1 psm1 psd1',
  perl: 'pl pm',
  lua: 'lua',
  sql: 'sql',
  markdown: 'md markdown',
  yaml: 'yaml yml',
  toml: 'toml',
  ini: 'ini cfg conf config',
  json: 'json',
  xml: 'xml csproj resx',
  html: 'html htm',
  css: 'css',
  scss: 'scss sass',
  less: 'less',
  vue: 'vue',
  svelte: 'svelte',
  razor: 'cshtml razor',
  terraform: 'tf tfvars',
  hcl: 'hcl',
  elm: 'elm',
  dart: 'dart',
  r: 'r',
  objectivec: 'm mm',
  clojure: 'clj cljs cljc',
  haskell: 'hs',
  ocaml: 'ml mli',
  zig: 'zig',
  nim: 'nim',
  verilog: 'v sv',
  vhdl: 'vhdl vhd',
  assembly: 'asm s',
  dockerfile: 'dockerfile',
} as const

const BY_SUFFIX: ReadonlyMap<string, string> = new Map(
  Object.entries(SUFFIXES).flatMap(([language, suffixes]) => suffixes.split(' ').map((suffix) => [suffix, language])),
)

const BY_NAME: ReadonlyMap<string, string> = new Map([
  ['dockerfile', 'dockerfile'],
  ['makefile', 'make'],
  ['gemfile', 'ruby'],
  ['rakefile', 'ruby'],
  ['vagrantfile', 'ruby'],
  ['procfile', 'procfile'],
  ['jenkinsfile', 'groovy'],
  ['cmakelists.txt', 'cmake'],
])
