// The same in CommonJS.
const assert = require('node:assert/strict');
const all = require('@acd/types');
const analytics = require('@acd/types/analytics');
const platform = require('@acd/types/platform');

assert.equal(all.platform.UserSchema, platform.UserSchema);
assert.equal(analytics.MessageTypeSchema.parse('track'), 'track');
assert.throws(() => platform.UserIdSchema.parse('usr_1'));
