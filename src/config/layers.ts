import { asFields } from '../support/json.js'
import type { Settings, UserConfig } from './config.js'
import { type EnvironmentSettings, variableThatSets } from './environment.js'
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
 * the file that is not committed, the file that is, the translation of paths for a container. In a file, a target goes before the settings around it.
 */
export function layersOf(sources: ConfigSources): Layer[] {
  const { flags, environment, files, variables } = sources
  const target = chosenTarget(sources)?.name
  const targets = files.map(({ config, file }): Layer => {
    const settings = target === undefined ? {} : (config.targets?.[target] ?? {})
    return { settings, origin: () => `targets.${target} in ${file}` }
  })
  const around = files.map(({ config, file }): Layer => ({ settings: settingsIn(config), origin: () => file }))
  return [
    { settings: settingsIn(flags), origin: () => 'command line' },
    ...(flags.target === undefined ? [] : targets.map(asked)),
    { settings: settingsIn(environment), origin: (name) => variableThatSets(name, variables) ?? 'environment' },
    ...files.flatMap((_, index) => [targets[index], around[index]].filter((layer) => layer !== undefined)),
    translation(sources),
  ]
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
  const { $schema, target, targets, access, ...settings } = config
  return settings
}
