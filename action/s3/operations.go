package s3

import (
	"slices"

	"github.com/sallyport-iam/sallyport/action"
)

// everything is a Mapper that can produce all there is.
var everything *Mapper

// Actions are all actions that a Mapper of any options can produce, sorted.
func Actions() []string { return everything.Actions() }

// Fills is Mapper.Fills of a Mapper that serves everything, and for which the
// tags of objects are read.
func Fills(act, key string) bool { return everything.Fills(act, key) }

// OperationInfo describes one operation of the S3 service model.
type OperationInfo struct {
	// Name is AWS's name of the operation.
	Name string
	// Method and Level ("service", "bucket", "object") are what it is sent
	// with and to.
	Method, Level string
	// Selector is the sub-resource, With are further parameters that must be
	// there. Copies tells that it is the one with x-amz-copy-source, Renames that
	// it has x-amz-rename-source.
	Selector        string
	With            []string
	Copies, Renames bool
	// Actions are all required, on the bucket or object that is addressed;
	// Version takes their place with versionId.
	Actions, Version []string
	// Keys are the condition keys, in lower case, that the request fills for
	// those actions, sorted; those that end in a slash are families of tags.
	Keys []string
	// Decides tells that the body is read before the operation is decided, Form
	// that it is a form, whose fields are, and whose file streams. BodyLimit is
	// the greatest size of the body in bytes, 0 if there is none, and -1 for
	// Options.MaxObjectBytes.
	Decides   bool
	Form      bool
	BodyLimit int64
	// Hides tells that who may not list the bucket is not told that something
	// is missing.
	Hides bool
	// OlderName tells that it is a deprecated name of another operation with
	// the same request, which serves it.
	OlderName bool
	// Note is what else there is to say.
	Note string
	// Refused says why the operation is not served; empty if it is.
	Refused string
	// Core tells that it is of CoreOperations.
	Core bool
}

// Operations are all operations of the S3 service model, and PostObject, in
// the order of the table.
func Operations() []OperationInfo {
	out := make([]OperationInfo, 0, len(table))
	inCore := setOf(core)
	for i := range table {
		r := &table[i]
		info := OperationInfo{
			Name: r.operation, Method: r.method, Level: r.level.String(),
			Selector: params[r.selector].name, Copies: r.traits&copies != 0, Renames: r.traits&renames != 0,
			Actions: slices.Clone(r.actions), Version: slices.Clone(r.version),
			Decides: r.body == decides, Form: r.body == action.BodyForm, BodyLimit: r.limit, Hides: r.traits&hides != 0,
			OlderName: r.traits&twin != 0, Note: r.note, Refused: r.refused, Core: inCore[r.operation],
		}
		for _, p := range r.with {
			info.With = append(info.With, params[p].name)
		}
		for _, a := range compileActions(slices.Concat(r.actions, r.version), r) {
			for _, k := range a.keys {
				info.Keys = append(info.Keys, k.name)
			}
		}
		slices.Sort(info.Keys)
		info.Keys = slices.Compact(info.Keys)
		out = append(out, info)
	}
	return out
}

// EffectInfo describes what headers ask for beyond an operation.
type EffectInfo struct {
	// Headers are those any of which asks, in lower case.
	Headers []string
	// When says on what else it depends; empty if the header's being there is
	// enough.
	When string
	// Operations are those that it may come with.
	Operations []string
	// Actions are demanded too, on the same resource; Version takes their place
	// with versionId, if it is set.
	Actions, Version []string
}

// Effects are what headers ask for beyond the operation they come with,
// wherever in the request they stand.
func Effects() []EffectInfo {
	var out []EffectInfo
	for _, e := range effects {
		if e.actions == nil {
			continue
		}
		info := EffectInfo{When: e.note, Actions: slices.Clone(e.actions), Version: slices.Clone(e.version)}
		for _, h := range e.headers {
			info.Headers = append(info.Headers, headers[h])
		}
		for i := range table {
			if table[i].effects&e.effect != 0 {
				info.Operations = append(info.Operations, table[i].operation)
			}
		}
		out = append(out, info)
	}
	return out
}
