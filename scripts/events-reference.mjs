// Writes docs/events.md and the JSON schema of all events (src/report/events.schema.json) from src/report/events.ts.
// `npm run docs` runs it; test/report/events.test.ts fails where they are out of date. With --print they are printed
// instead, as a JSON object of texts by path.

import { writeFile } from 'node:fs/promises'
import { toJsonSchema } from '@valibot/to-json-schema'
import { build } from 'esbuild'

const PAGE = 'docs/events.md'
const SCHEMA = 'src/report/events.schema.json'

async function loadEvents() {
  const entryPoints = ['src/report/events.ts']
  const { outputFiles } = await build({ entryPoints, bundle: true, write: false, format: 'esm', platform: 'node' })
  return await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

const asJson = (schema) => toJsonSchema(schema, { errorMode: 'ignore', target: 'draft-07' })

/** A type in a few words: what a program needs to know before it reads the schema. */
function typeOf(schema) {
  if (schema.const !== undefined) return `\`${schema.const}\``
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ')
  const choices = schema.anyOf ?? []
  if (choices.length > 0) return choices.map(typeOf).join(' or ')
  if (schema.type === 'array') return `list of ${typeOf(schema.items)}`
  if (schema.type !== 'object') return schema.type ?? 'anything'
  const names = Object.keys(schema.properties ?? {})
  return names.length === 0 ? 'object' : `{ ${names.map((name) => `\`${name}\``).join(', ')} }`
}

function rowsOf(event) {
  const { properties, required } = asJson(event)
  return Object.entries(properties)
    .filter(([name]) => name !== 'event')
    .map(([name, schema]) => {
      const optional = required.includes(name) ? '' : ' (not always there)'
      return `| \`${name}\` | ${typeOf(schema).replaceAll('|', '\\|')} | ${schema.description ?? ''}${optional} |`
    })
}

function pageOf(EVENT_GROUPS) {
  const groups = EVENT_GROUPS.map(({ title, by, events }) => {
    const tables = events.map((event) => {
      return [
        `### ${event.entries.event.literal}`,
        '',
        '| field | type | |',
        '|---|---|---|',
        ...rowsOf(event),
        '',
      ].join('\n')
    })
    return [`## ${title}`, '', `Printed by: ${by}.`, '', ...tables].join('\n')
  })
  return `# JSON events

With \`--json\` standard output has one JSON object a line, and nothing else; each has an \`event\`. The last line of a push, and of a
command that failed, is a \`report\`. Fields are never taken away within a major version; new ones may come, and new events.
\`ce-delta/events.schema.json\` in the package is the same as a JSON schema. \`npm run docs\` writes this page.

${groups.join('\n')}`
}

const { EVENT_GROUPS, AnyEvent } = await loadEvents()
const schema = { title: 'A line of ce-delta --json', ...asJson(AnyEvent) }
const texts = { [PAGE]: pageOf(EVENT_GROUPS), [SCHEMA]: `${JSON.stringify(schema)}\n` }
if (process.argv.includes('--print')) process.stdout.write(JSON.stringify(texts))
else for (const [path, text] of Object.entries(texts)) await writeFile(path, text)
