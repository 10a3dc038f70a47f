// Types in CommonJS.
import platform = require('@acd/types/platform');

const query: platform.ListAssets = { limit: 10, type: 'image' };
export const parsed: platform.ListAssets = platform.ListAssetsSchema.parse(query);
