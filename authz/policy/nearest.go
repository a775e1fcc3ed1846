package policy

import "strings"

// nearest is the known name that a name was most likely meant to be; empty if
// none is near. It guesses for short names only, and not for ever: a text of
// nothing but mistakes must not cost more than it is worth.
func (r *reader) nearest(name string, known []string) string {
	const longest, most = 64, 100
	if r.guesses++; len(name) > longest || r.guesses > most {
		return ""
	}
	best, distance := "", len(name)/3+1
	for _, k := range known {
		if d := editDistance(strings.ToLower(name), strings.ToLower(k)); d <= distance && (best == "" || d < distance) {
			best, distance = k, d
		}
	}
	return best
}

// editDistance counts the bytes to insert, remove, replace or swap with their
// neighbour to make b of a.
func editDistance(a, b string) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
