import { Command } from "@effect/cli"
export const demoCommand = Command.make("demo")
