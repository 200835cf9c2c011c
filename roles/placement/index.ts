import { alone } from '../openstack/alone.ts'
import { moved } from '../openstack/move.ts'
import { started } from '../openstack/start.ts'

/** Placement on the target controller, where the releases have it: it has a database, and nothing else of its own. */
export const placement = moved('placement')

/** Starts the placement that has been moved. */
export const placementStart = started('placement')

/** `run placement`: stops placement on the source and moves it to the target. */
export default alone('placement', [placement, placementStart])
