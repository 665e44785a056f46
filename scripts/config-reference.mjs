// Writes the JSON schema of the configuration (src/config/schema.json) and the table of settings in
// docs/configuration.md. What is allowed is taken from the schema that checks a configuration, what it means from the
// comments that editors show. `npm run docs` writes both; test/config/reference.test.ts fails where they are out of date.
// With --print they are printed instead, as a JSON object of texts by path.

import { readFile, writeFile } from 'node:fs/promises'
import { toJsonSchema } from '@valibot/to-json-schema'
import { build } from 'esbuild'
import ts from 'typescript'

const SCHEMA = 'src/config/schema.json'
const REFERENCE = 'docs/configuration.md'

async function loadSchemas() {
  const { outputFiles } = await build({
    entryPoints: ['src/config/schema.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  })
  return await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

/** The comments of every interface: `{ Settings: { timeout: { meaning, usual, parts } } }`; parts is another interface. */
async function readComments() {
  const path = 'src/config/config.ts'
  const source = ts.createSourceFile(path, await readFile(path, 'utf8'), ts.ScriptTarget.ESNext, true)
  const interfaces = source.statements.filter(ts.isInterfaceDeclaration)
  const names = new Set(interfaces.map(({ name }) => name.text))
  return Object.fromEntries(
    interfaces.map(({ name, members }) => [
      name.text,
      Object.fromEntries(members.map((member) => [member.name.text, commentOf(member, names)])),
    ]),
  )
}

function commentOf(member, names) {
  const [comment] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc)
  const flat = (text) => ts.getTextOfJSDocComment(text)?.replace(/\s+/g, ' ').trim()
  const usual = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default')
  const type = member.type.getText()
  return {
    meaning: flat(comment?.comment) ?? '',
    usual: flat(usual?.comment) ?? null,
    parts: names.has(type) ? type : null,
  }
}

/** Every property gets its comment as a description. */
function describe(schema, name, comments) {
  for (const [key, property] of Object.entries(schema.properties)) {
    const { meaning, usual, parts } = comments[name][key] ?? {}
    if (!meaning) throw new Error(`${name}.${key} has no comment in src/config/config.ts.`)
    property.description = usual === null ? meaning : `${meaning} Default: ${usual}.`
    if (parts !== null) describe(property, parts, comments)
  }
}

function jsonSchema({ UserConfigSchema, ...parts }, comments) {
  const definitions = { target: parts.TargetSchema, workspace: parts.WorkspaceSchema }
  const schema = toJsonSchema(UserConfigSchema, { errorMode: 'ignore', target: 'draft-07', definitions })
  describe(schema, 'UserConfig', { ...comments, UserConfig: { ...comments.Settings, ...comments.UserConfig } })
  describe(schema.$defs.target, 'Settings', comments)
  const inWorkspace = { ...comments.Settings, ...comments.WorkspaceSettings }
  describe(schema.$defs.workspace, 'WorkspaceSettings', { ...comments, WorkspaceSettings: inWorkspace })
  const { $schema, ...rest } = schema
  return { $schema, title: 'The configuration of ce-delta', ...rest }
}

function table(comments) {
  const { $schema, ...atTheTop } = comments.UserConfig
  const rows = [...rowsOf(comments.Settings, comments), ...rowsOf(atTheTop, comments)]
  return ['| setting | default | meaning |', '|---|---|---|', ...rows].join('\n')
}

function rowsOf(settings, comments, prefix = '') {
  return Object.entries(settings).flatMap(([name, { meaning, usual, parts }]) => {
    if (parts !== null) return rowsOf(comments[parts], comments, `${name}.`)
    const words = `${meaning[0].toLowerCase()}${meaning.slice(1)}`.replace(/\.$/, '')
    return [`| \`${prefix}${name}\` | ${usual ?? ''} | ${words} |`]
  })
}

const START = '<!-- settings: npm run docs -->'
const END = '<!-- end of settings -->'

async function reference(comments) {
  const page = await readFile(REFERENCE, 'utf8')
  const [start, end] = [page.indexOf(START), page.indexOf(END)]
  if (start === -1 || end < start) throw new Error(`${REFERENCE} has no place for the settings.`)
  return `${page.slice(0, start)}${START}\n${table(comments)}\n${page.slice(end)}`
}

const comments = await readComments()
const texts = {
  [SCHEMA]: `${JSON.stringify(jsonSchema(await loadSchemas(), comments), null, 2)}\n`,
  [REFERENCE]: await reference(comments),
}
if (process.argv.includes('--print')) process.stdout.write(JSON.stringify(texts))
else for (const [path, text] of Object.entries(texts)) await writeFile(path, text)
