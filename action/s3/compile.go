package s3

import "strings"

// compiledRow is a row with its actions and their condition keys resolved.
type compiledRow struct {
	*row
	number           int // in the table
	actions, version []*compiledAction
}

type compiledAction struct {
	name string
	keys []*conditionKey
}

type compiledEffect struct {
	actions, version []*compiledAction
}

const numMethods = 5

var (
	actionsByName   = make(map[string]*compiledAction) // as spelt
	keysByAction    = make(map[string][]*conditionKey) // by name in lower case
	rowIndex        [numLevels][numParams][numMethods][]*compiledRow
	allowed         [numLevels][numParams]string // methods, for 405
	compiledEffects []compiledEffect
	// headerEffects tells, of a header, which effects take it.
	headerEffects [numHeaders]effect
	effectHeaders []header
	// modifiers are the parameters that only the table makes valid, numbers
	// and identifiers those whose values are of that form, overriding those that
	// replace fields of the answer.
	modifiers, numbers, identifiers, overriding []param
)

// Actions beyond those of rows and effects.
var (
	getObject, getObjectVersion               *compiledAction
	getObjectTagging, getObjectVersionTagging *compiledAction
	getAnnotation, getVersionAnnotation       *compiledAction
	putObjectTagging, putObjectAnnotation     *compiledAction
	listBucket, tagResource                   *compiledAction
)

func init() {
	for i := range table {
		compileRow(i)
	}
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
		compiledEffects = append(compiledEffects, compiledEffect{compileActions(e.actions), compileActions(e.version)})
		for _, h := range e.headers {
			if headerEffects[h] == 0 {
				effectHeaders = append(effectHeaders, h)
			}
			headerEffects[h] |= e.effect
		}
	}
	getObject, getObjectVersion = compileAction("s3:GetObject"), compileAction("s3:GetObjectVersion")
	getObjectTagging, getObjectVersionTagging = compileAction("s3:GetObjectTagging"), compileAction("s3:GetObjectVersionTagging")
	getAnnotation, getVersionAnnotation = compileAction("s3:GetObjectAnnotation"), compileAction("s3:GetObjectVersionAnnotation")
	putObjectTagging, putObjectAnnotation = compileAction("s3:PutObjectTagging"), compileAction("s3:PutObjectAnnotation")
	listBucket, tagResource = compileAction("s3:ListBucket"), compileAction("s3:TagResource")
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
		c.actions, c.version = compileActions(r.actions), compileActions(r.version)
	}
	at := &rowIndex[r.level][r.selector][methodIndex(r.method)]
	*at = append(*at, c)
}

func compileActions(names []string) []*compiledAction {
	var out []*compiledAction
	for _, name := range names {
		out = append(out, compileAction(name))
	}
	return out
}

func compileAction(name string) *compiledAction {
	if a := actionsByName[name]; a != nil {
		return a
	}
	a := &compiledAction{name: name}
	for i := range conditionKeys {
		for _, has := range conditionKeys[i].actions {
			if has == name {
				a.keys = append(a.keys, &conditionKeys[i])
			}
		}
	}
	actionsByName[name] = a
	keysByAction[strings.ToLower(name)] = a.keys
	return a
}

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
