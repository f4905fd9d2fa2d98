// What a promise of the mesh rejects with.

import { MeshError } from "../../../src/layers/embed/index.js"

export const failure = async (attempt: Promise<unknown>): Promise<MeshError> => {
  try {
    await attempt
  } catch (error) {
    if (error instanceof MeshError) return error
    throw error
  }
  throw new Error("it did not fail")
}
