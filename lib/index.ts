/// <reference types="node" preserve="true" />
/** The author's words. */
export { parallel, play, playbook, role } from './model/playbook.ts'
export type {
  Body,
  Description,
  GateOptions,
  Handler,
  HostContext,
  HostView,
  Play,
  Playbook,
  PlayOptions,
  PlaybookOptions,
  Role,
  RoleOptions,
  Steps,
  Task,
  TaskOptions,
} from './model/playbook.ts'
export { allHosts, flag, list, mapping, number, oneHost, oneOf, secret, secrets, text } from './model/vars.ts'
export type { Schema, Var, VarsOf } from './model/vars.ts'
export type { StandardSchema } from './model/standard-schema.ts'
export { masked, Secret } from './model/secret.ts'
export { Advice } from './model/operation.ts'
export type { Json, Operation, Value } from './model/operation.ts'
export type { HostRef } from './model/inventory.ts'
export { inventory } from './inventory/define.ts'
export type { InventoryDefinition } from './inventory/define.ts'
export { fromCommand, fromEnvironment, fromFile, fromPrompt } from './inventory/secrets.ts'
