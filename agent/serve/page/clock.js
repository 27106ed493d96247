// The agent's clock as seen from here. Its Date header tells whole seconds: unless the two clearly differ, ours is the
// better one.

const DIFFERENCE_THAT_COUNTS_MS = 2000;
const HALF_A_SECOND_MS = 500;

let offset = 0;

export function learn(dateHeader) {
  const theirs = Date.parse(dateHeader);
  if (Number.isNaN(theirs)) return;
  const difference = Date.now() - theirs - HALF_A_SECOND_MS;
  offset = Math.abs(difference) > DIFFERENCE_THAT_COUNTS_MS ? difference : 0;
}

export function now() {
  return Date.now() - offset;
}
