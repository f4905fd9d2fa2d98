// Who lives, and the ports through which they touch the world.

export * from "./ports/index.js"
