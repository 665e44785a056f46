import * as v from 'valibot'
import { field, flag, login, text } from './shapes.js'

const WHO = 'never the secret'

export const LOGIN_EVENTS = [
  v.strictObject({
    event: v.literal('login'),
    endpoint: field('of the receiver', text),
    needed: field('whether it asks for a login at all', flag),
    login: field(WHO, v.nullable(login)),
  }),
  v.strictObject({
    event: v.literal('logout'),
    endpoint: field('of the receiver', text),
    removed: field('whether anybody was logged in', flag),
  }),
  v.strictObject({
    event: v.literal('whoami'),
    endpoint: field('of the receiver', text),
    login: field(WHO, v.nullable(login)),
    verdict: field(
      'what the receiver says to it',
      v.picklist(['accepted', 'unknown', 'may not write', 'not needed', 'not told']),
    ),
  }),
] as const
