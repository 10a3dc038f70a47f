// The script for a tag, as a module: it sets up `window.acd` and exports nothing.
export {};
