import type { Role, Schema } from '../../lib/index.ts'

type Step = Role['steps'][number]

/** A role of which only the tasks with a tag are left; what would be done when they fail is left out. */
export function only<S extends Schema>(role: Role<S>, tag: string): Role<S> {
  return { ...role, steps: stepsWith(role.steps, tag), handlers: [] }
}

function stepsWith(steps: readonly Step[], tag: string): readonly Step[] {
  return steps.flatMap((step): readonly Step[] => {
    switch (step.kind) {
      case 'task':
        return step.options.tags?.includes(tag) ? [step] : []
      case 'block': {
        const left = stepsWith(step.try, tag)
        return left.length === 0 ? [] : [{ ...step, try: left, rescue: [], always: [] }]
      }
      case 'parallel': {
        const left = stepsWith(step.steps, tag)
        return left.length === 0 ? [] : [{ ...step, steps: left }]
      }
      default:
        return []
    }
  })
}
