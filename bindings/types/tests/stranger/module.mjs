// The package as a module: each entry by itself, and all of them.
import assert from 'node:assert/strict';
import * as all from '@acd/types';
import * as analytics from '@acd/types/analytics';
import * as meta from '@acd/types/meta';
import * as platform from '@acd/types/platform';

assert.deepEqual(Object.keys(all).sort(), ['analytics', 'meta', 'platform']);
assert.equal(all.platform.UserSchema, platform.UserSchema);
assert.equal(analytics.MessageTypeSchema.parse('track'), 'track');
assert.deepEqual(meta.MinorUnitsSchema.parse('1050'), '1050');
assert.throws(() => platform.UserIdSchema.parse('per_0192f0c123457abc8def0123456789ab'));
