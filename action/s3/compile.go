package s3

import (
	"slices"
	"strings"
)

// compiledRow is a row with its actions, and the condition keys that they have
// in it, resolved.
type compiledRow struct {
	*row
	number           int // in the table
	actions, version []*compiledAction
	extras           []compiledEffect
}

// compiledAction is an action as a row has it.
type compiledAction struct {
	name string
	keys []*conditionKey
	// objectTags tells that it has the keys of action.ObjectTags.
	objectTags bool
}

type compiledEffect struct {
	*headerEffect
	actions, version []*compiledAction
}

const numMethods = 5

var (
	compiled []*compiledRow // without deprecated names
	rowIndex [numLevels][numParams][numMethods][]*compiledRow
	allowed  [numLevels][numParams]string // methods, for 405
	// headerEffects tells, of a header, which effects take it.
	headerEffects [numHeaders]effect
	effectHeaders []header
	// modifiers are the parameters that only the table makes valid, numbers
	// and identifiers those whose values are of that form, overriding those that
	// replace fields of the answer.
	modifiers, numbers, identifiers, overriding []param
)

// Actions beyond those of rows and effects. None has keys that depend on the
// row.
var (
	getObject, getObjectVersion               *compiledAction
	getObjectTagging, getObjectVersionTagging *compiledAction
	getAnnotation, getVersionAnnotation       *compiledAction
	putObjectTagging, putObjectAnnotation     *compiledAction
	listBucket, tagResource, passRole         *compiledAction
	deleteObject                              *compiledAction
)

func init() {
	for i := range params {
		if params[i].use&modifier != 0 {
			modifiers = append(modifiers, param(i))
		}
		if params[i].use&isNumber != 0 {
			numbers = append(numbers, param(i))
		}
		if params[i].use&isIdentifier != 0 {
			identifiers = append(identifiers, param(i))
		}
		if params[i].use&overrides != 0 {
			overriding = append(overriding, param(i))
		}
	}
	for _, e := range effects {
		for _, h := range e.headers {
			if headerEffects[h] == 0 {
				effectHeaders = append(effectHeaders, h)
			}
			headerEffects[h] |= e.effect
		}
	}
	for action, name := range map[**compiledAction]string{
		&getObject: "s3:GetObject", &getObjectVersion: "s3:GetObjectVersion",
		&getObjectTagging: "s3:GetObjectTagging", &getObjectVersionTagging: "s3:GetObjectVersionTagging",
		&getAnnotation: "s3:GetObjectAnnotation", &getVersionAnnotation: "s3:GetObjectVersionAnnotation",
		&putObjectTagging: "s3:PutObjectTagging", &putObjectAnnotation: "s3:PutObjectAnnotation",
		&listBucket: "s3:ListBucket", &tagResource: "s3:TagResource", &passRole: "iam:PassRole",
		&deleteObject: "s3:DeleteObject",
	} {
		*action = compileAction(name, &row{})
	}
	for i := range table {
		compileRow(i)
	}
	everything = New(Options{Operations: []string{AllOperations}, CopyTags: CopyTagsChecked, StrictCopyAnnotations: true, ForwardACLs: true, ObjectTags: true})
}

func compileRow(number int) {
	r := &table[number]
	if r.traits&twin != 0 {
		return
	}
	methods := &allowed[r.level][r.selector]
	if !strings.Contains(*methods, r.method) {
		*methods = strings.TrimPrefix(*methods+", "+r.method, ", ")
	}
	c := &compiledRow{row: r, number: number}
	if r.refused == "" {
		c.actions, c.version = compileActions(r.actions, r), compileActions(r.version, r)
		for i := range effects {
			if e := &effects[i]; r.effects&e.effect != 0 {
				c.extras = append(c.extras, compiledEffect{e, compileActions(e.actions, r), compileActions(e.version, r)})
			}
		}
	}
	compiled = append(compiled, c)
	at := &rowIndex[r.level][r.selector][methodIndex(r.method)]
	*at = append(*at, c)
}

func compileActions(names []string, r *row) []*compiledAction {
	var out []*compiledAction
	for _, name := range names {
		out = append(out, compileAction(name, r))
	}
	return out
}

// compileAction resolves an action of a row.
func compileAction(name string, r *row) *compiledAction {
	a := &compiledAction{name: name, objectTags: slices.Contains(withObjectTags, name)}
	for i := range conditionKeys {
		if k := &conditionKeys[i]; slices.Contains(k.actions, name) && (k.on == nil || k.on(r)) {
			a.keys = append(a.keys, k)
		}
	}
	return a
}

// yields are the actions that a mapper can make of the row.
func (c *compiledRow) yields(m *Mapper) []*compiledAction {
	all := slices.Concat(c.actions, c.version)
	for _, e := range c.extras {
		all = append(all, e.actions...)
		if c.version != nil {
			all = append(all, e.version...)
		}
	}
	switch c.reads {
	case bodyCreateBucket:
		all = append(all, tagResource)
	case bodyDelete: // preconditions
		all = append(all, getObject, getObjectVersion)
	case bodyReplication, bodyAnnotationTable:
		all = append(all, passRole)
	}
	if c.traits&renames != 0 {
		all = append(all, deleteObject)
	}
	if c.traits&(copies|renames) != 0 {
		all = append(all, getObject, getObjectVersion)
		if m.copyTags != CopyTagsUnchecked && c.whole() {
			all = append(all, putObjectTagging, getObjectTagging, getObjectVersionTagging)
		}
		if m.strictCopyAnnotations && c.whole() {
			all = append(all, putObjectAnnotation, getAnnotation, getVersionAnnotation)
		}
	}
	if c.traits&(hides|copies|renames) != 0 || c.effects&effectIfMatch != 0 {
		all = append(all, listBucket) // to learn that something is missing
	}
	return all
}

// whole tells of copies and renames whether they are of whole objects: parts have
// neither tags nor annotations.
func (r *row) whole() bool { return r.effects&effectTagging != 0 || r.traits&renames != 0 }

// methodIndex is the place of a method in rowIndex; -1 if S3 has none of it.
func methodIndex(method string) int {
	switch method {
	case get:
		return 0
	case head:
		return 1
	case put:
		return 2
	case post:
		return 3
	case del:
		return 4
	}
	return -1
}
