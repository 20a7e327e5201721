/* Where the guided start keeps what is typed in its last step, for the scripts of both its pages. */

export const NAMES = "names of the guided start";

/** Whoever begins anew begins without what was typed before. */
export function forgetNames() {
  try {
    sessionStorage.removeItem(NAMES);
  } catch {
    // forbidden
  }
}
