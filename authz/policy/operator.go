package policy

import "strings"

// Test is what a condition operator compares, without its affixes.
type Test uint8

// The tests. ArnEquals and ArnLike are one test, as are their negations.
const (
	StringEquals Test = iota
	StringNotEquals
	StringEqualsIgnoreCase
	StringNotEqualsIgnoreCase
	StringLike
	StringNotLike
	NumericEquals
	NumericNotEquals
	NumericLessThan
	NumericLessThanEquals
	NumericGreaterThan
	NumericGreaterThanEquals
	DateEquals
	DateNotEquals
	DateLessThan
	DateLessThanEquals
	DateGreaterThan
	DateGreaterThanEquals
	Bool
	BinaryEquals
	IPAddress
	NotIPAddress
	ArnEquals
	ArnNotEquals
	ArnLike
	ArnNotLike
	Null
)

var testNames = [...]string{
	StringEquals:              "StringEquals",
	StringNotEquals:           "StringNotEquals",
	StringEqualsIgnoreCase:    "StringEqualsIgnoreCase",
	StringNotEqualsIgnoreCase: "StringNotEqualsIgnoreCase",
	StringLike:                "StringLike",
	StringNotLike:             "StringNotLike",
	NumericEquals:             "NumericEquals",
	NumericNotEquals:          "NumericNotEquals",
	NumericLessThan:           "NumericLessThan",
	NumericLessThanEquals:     "NumericLessThanEquals",
	NumericGreaterThan:        "NumericGreaterThan",
	NumericGreaterThanEquals:  "NumericGreaterThanEquals",
	DateEquals:                "DateEquals",
	DateNotEquals:             "DateNotEquals",
	DateLessThan:              "DateLessThan",
	DateLessThanEquals:        "DateLessThanEquals",
	DateGreaterThan:           "DateGreaterThan",
	DateGreaterThanEquals:     "DateGreaterThanEquals",
	Bool:                      "Bool",
	BinaryEquals:              "BinaryEquals",
	IPAddress:                 "IpAddress",
	NotIPAddress:              "NotIpAddress",
	ArnEquals:                 "ArnEquals",
	ArnNotEquals:              "ArnNotEquals",
	ArnLike:                   "ArnLike",
	ArnNotLike:                "ArnNotLike",
	Null:                      "Null",
}

// String spells the test as a document does.
func (t Test) String() string { return testNames[t] }

// Negated tells whether the test holds when no policy value matches.
func (t Test) Negated() bool {
	switch t {
	case StringNotEquals, StringNotEqualsIgnoreCase, StringNotLike, NumericNotEquals,
		DateNotEquals, NotIPAddress, ArnNotEquals, ArnNotLike:
		return true
	default:
		return false
	}
}

// HasVariables tells whether policy variables may stand in values of the test.
func (t Test) HasVariables() bool {
	return t <= StringNotLike || ArnEquals <= t && t <= ArnNotLike
}

// Set is the set prefix of a condition operator.
type Set uint8

// The set prefixes.
const (
	NoSet Set = iota
	ForAllValues
	ForAnyValue
)

var setNames = [...]string{NoSet: "", ForAllValues: "ForAllValues:", ForAnyValue: "ForAnyValue:"}

// String spells the prefix with its colon; empty for NoSet.
func (s Set) String() string { return setNames[s] }

const ifExists = "IfExists"

// Operator is a condition operator with its affixes.
type Operator struct {
	Set      Set
	Test     Test
	IfExists bool
}

// String spells the operator as a document does.
func (o Operator) String() string {
	s := o.Set.String() + o.Test.String()
	if o.IfExists {
		s += ifExists
	}
	return s
}

// Negated tells whether the operator's test is a negated one.
func (o Operator) Negated() bool { return o.Test.Negated() }

var tests = func() map[string]Test {
	m := make(map[string]Test, len(testNames))
	for t, name := range testNames {
		m[name] = Test(t)
	}
	return m
}()

// ParseOperator reads an operator. The spelling is AWS's, case included;
// NullIfExists does not exist.
func ParseOperator(text string) (Operator, bool) {
	var op Operator
	for _, set := range []Set{ForAllValues, ForAnyValue} {
		if rest, ok := strings.CutPrefix(text, set.String()); ok {
			op.Set, text = set, rest
			break
		}
	}
	text, op.IfExists = strings.CutSuffix(text, ifExists)
	test, ok := tests[text]
	if !ok || test == Null && op.IfExists {
		return Operator{}, false
	}
	op.Test = test
	return op, true
}
