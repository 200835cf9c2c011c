import type { Release } from '../release.ts'
import { havanaIcehouse } from './havana-icehouse.ts'
import { victoriaZed } from './victoria-zed.ts'
import { zedEpoxy } from './zed-epoxy.ts'

/** Every pair of releases, by the name that the inventory gives as `release`. */
export const releases: Readonly<Record<string, Release>> = {
  'havana-icehouse': havanaIcehouse,
  'victoria-zed': victoriaZed,
  'zed-epoxy': zedEpoxy,
}
