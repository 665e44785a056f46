import { asFields } from '../support/json.js'
import type { Settings, UserConfig } from './config.js'
import type { ConfigFile } from './config-file.js'
import { type EnvironmentSettings, variableThatSets } from './environment.js'
import { settingsForFolder } from './folders.js'
import { type ConfigSources, chosenTarget } from './sources.js'
import { translatedPath } from './translated-path.js'

/** What one place says. */
export interface Layer {
  readonly settings: Settings
  /** The place, for people: `command line`, the name of a variable, or the path of a file. */
  readonly origin: (setting: string) => string
}

/**
 * Every place that says something, the strongest first: the command line and the target that it names, the environment,
 * the file that is not committed, the file that is, the translation of paths for a container. In a file, a
 * target goes before what is said of a workspace, that before the settings around them.
 */
export function layersOf(sources: ConfigSources, folder: string | null): Layer[] {
  const { flags, environment, files, variables } = sources
  const target = chosenTarget(sources)?.name
  const targets = files.map(({ config, file }): Layer => {
    const settings = target === undefined ? {} : (config.targets?.[target] ?? {})
    return { settings, origin: () => `targets.${target} in ${file}` }
  })
  const around = files.map(({ config, file }): Layer => ({ settings: settingsIn(config), origin: () => file }))
  const forAll = (layer: Layer): Layer => ({ ...layer, settings: settingsBelow(layer.settings, folder) })
  const inFile = (_: unknown, index: number): Layer[] => {
    const ofAll = [targets[index], around[index]].map((layer) => (layer === undefined ? [] : [forAll(layer)]))
    const [target = [], rest = []] = ofAll
    return [...target, ...ofFolder(files[index], folder), ...rest]
  }
  return [
    forAll({ settings: settingsIn(flags), origin: () => 'command line' }),
    ...(flags.target === undefined ? [] : targets.map(asked).map(forAll)),
    forAll({ settings: settingsIn(environment), origin: (name) => variableThatSets(name, variables) ?? 'environment' }),
    ...files.flatMap(inFile),
    forAll(translation(sources)),
  ]
}

function ofFolder(found: ConfigFile | undefined, folder: string | null): Layer[] {
  const said = found === undefined ? null : settingsForFolder(found.config, folder)
  if (found === undefined || said === null) return []
  const { root, ...settings } = said
  return [{ settings, origin: () => `workspaces ${root} in ${found.file}` }]
}

/** What is said for all workspaces says of a folder what lies below it: two workspaces never have the same identity. */
function settingsBelow(settings: Settings, folder: string | null): Settings {
  if (folder === null || folder === '.') return settings
  const { workspacePath, collectionName } = settings
  return {
    ...settings,
    ...(workspacePath === undefined ? {} : { workspacePath: `${workspacePath.replace(/\/+$/, '')}/${folder}` }),
    ...(collectionName === undefined ? {} : { collectionName: `${collectionName}-${folder.replaceAll('/', '-')}` }),
  }
}

/** Who names a target with an endpoint on the command line means to upload, whatever is switched off elsewhere. */
function asked({ settings, origin }: Layer): Layer {
  const { enabled = true } = settings
  return { settings: settings.endpoint === undefined ? settings : { ...settings, enabled }, origin }
}

function translation({ root, variables }: ConfigSources): Layer {
  const workspacePath = translatedPath(root, variables)
  const origin = (): string => 'HOST_ROOT, CONTAINER_ROOT'
  return { settings: workspacePath === null ? {} : { workspacePath }, origin }
}

/** All places together. An object, like `secrets`, is laid over the weaker one name by name; a list replaces it. */
export function merge(layers: readonly Layer[]): Settings {
  return layers.reduceRight((merged: Settings, { settings }) => laidOver(merged, settings), {})
}

function laidOver<Value extends object>(below: Value, above: Value): Value {
  const both: Value = { ...below, ...above }
  for (const [name, value] of Object.entries(above)) {
    const [lower, upper] = [asFields(Reflect.get(below, name)), asFields(value)]
    if (lower !== null && upper !== null) Object.assign(both, { [name]: { ...lower, ...upper } })
  }
  return both
}

/** The place that decided a setting, given as the names on the way to it; `default` where none says anything. */
export function originOf(layers: readonly Layer[], path: readonly string[]): string {
  const [name = ''] = path
  const decisive = layers.find(({ settings }) => {
    let value: unknown = settings
    for (const part of path) value = asFields(value)?.[part]
    return value !== undefined
  })
  return decisive?.origin(name) ?? 'default'
}

function settingsIn(config: UserConfig & EnvironmentSettings): Settings {
  const { $schema, target, targets, workspaces, access, ...settings } = config
  return settings
}
