package main

import (
	"fmt"
	"strings"
)

// What the documents of a line may take, so that memory is bounded whatever is in
// them: a text of short strings or of wildcards takes a hundred times its length
// once it is compiled. The largest documents that AWS lets a user have, written as
// unkindly as can be, stay below.
const (
	// maxWeight bounds about how many bytes the documents of a line may take.
	maxWeight = 128 << 20
	// heavyWeight is above that of ordinary lines; heavier ones are decided one at
	// a time.
	heavyWeight = 8 << 20
	// lightLine is the length up to which a line of few documents cannot be heavy.
	lightLine      = 32 << 10
	lightDocuments = 256
)

// What a document takes: itself, a byte of its text, one that may be a wildcard or
// a variable, and a string. All is counted twice that a condition reads of a key
// which the context does not have (see probeOf).
const (
	documentWeight = 4 << 10
	byteWeight     = 24
	wildWeight     = 144
	stringWeight   = 300
)

// weigh tells about how many bytes a document takes once it is compiled, and
// rather more than less.
func weigh(text string) int {
	quotes, wild := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '"':
			quotes++
		case '*', '?', '$':
			wild++
		}
	}
	return documentWeight + byteWeight*len(text) + wildWeight*wild + stringWeight*quotes/2
}

// weight is that of all documents and levels of a line; 0 if the line is light.
func (q *inquiry) weight(line int) int {
	count := len(q.documents) + q.scpLevels + q.rcpLevels
	if line <= lightLine && count <= lightDocuments {
		return 0
	}
	sum := documentWeight * (q.scpLevels + q.rcpLevels)
	for i := range q.documents {
		sum += weigh(q.documents[i].text)
	}
	return sum
}

// What a line may hold to be explained: the evaluator that explains is a plain
// one, which compares every character of a pattern with every character of a
// value, and writes the values of variables out.
const (
	maxComparisons = 1 << 30
	maxSubstituted = 1 << 20
	// maxTrace bounds the bytes of the texts in a trace.
	maxTrace       = 4 << 20
	withoutExplain = "decide the line without --explain, or put fewer or smaller documents and shorter values on it"
)

// unexplainable says why a line takes too long to explain; empty if it does not.
func (q *inquiry) unexplainable() string {
	longest := max(len(q.action), len(q.resource), q.longestValue)
	text, variables := 0, 0
	for i := range q.documents {
		text += len(q.documents[i].text)
		variables += strings.Count(q.documents[i].text, "${")
	}
	if int64(text)*int64(longest) <= maxComparisons && int64(variables)*int64(longest) <= maxSubstituted {
		return ""
	}
	return fmt.Sprintf("the documents have %d bytes with %d variables, too many to explain against a value of %d bytes; %s", text, variables, longest, withoutExplain)
}
