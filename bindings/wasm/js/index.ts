/**
 * Everything but `@acd/sdk/meta` and `@acd/sdk/signing`, which are for services alone. Programs that use one part load it
 * from its own entry, such as `@acd/sdk/platform`.
 *
 * @packageDocumentation
 */
export * from './analytics.js';
export * from './platform.js';
export * from './webhooks.js';
