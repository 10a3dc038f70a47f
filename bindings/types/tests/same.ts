/**
 * Whether two types are the same: neither is wider, neither is `any`, and the same fields may be left out.
 *
 * The compiler compares conditional types whose condition it cannot decide by asking whether the conditions are identical.
 */
export type Same<One, Other> =
  (<Type>() => Type extends One ? 1 : 2) extends <Type>() => Type extends Other ? 1 : 2 ? true : false;

/** Does not compile unless it is given `true`. */
export type Expect<Truth extends true> = Truth;
