// Package matrix says, purely, which pod may reach what, and judges what was
// observed by it. "Blocked" counts only where something shows that a wall, and
// not the lack of a listener, was the reason.
package matrix
