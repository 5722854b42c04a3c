// SPDX-License-Identifier: Apache-2.0

package naming

import "strings"

// Nearest returns the candidate with the smallest edit distance from name,
// ignoring case, or "" if the distance is too large for a typing mistake.
func Nearest(name string, candidates []string) string {
	best, fewest := "", max(2, len(name)/3)+1
	for _, candidate := range candidates {
		d := Distance(strings.ToLower(name), strings.ToLower(candidate), fewest)
		if d < fewest || d == fewest && best != "" && candidate < best {
			best, fewest = candidate, d
		}
	}
	return best
}

// Distance returns the number of insertions, deletions, replacements and swaps
// of neighbours between a and b (optimal string alignment). If it exceeds
// limit, the result is only known to exceed limit.
func Distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			replace := previous[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			current[j] = min(previous[j]+1, current[j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}
