package wire

// Requests and fields of one exchange may be the memory of the next. Nothing of
// the one is left in it, and it is garbage to whoever still looks, which tests find
// that are built with the tag poison. The bytes of strings are never used again.

// maxKept is how many fields or parameters the array may have that is kept: more
// than few messages have.
const maxKept = 64

// Empty ends the use of a request, and keeps the arrays of its fields and its query
// for another. Nobody may hold it, or them, any more.
func (r *Request) Empty() {
	*r = Request{Method: garbage, Scheme: garbage, Host: garbage, Path: garbage, ID: garbage, Fields: r.Fields.Emptied(), Query: r.Query.emptied()}
}

// Emptied is the array of the fields for others, which have it from here on; nil
// if it is too large to be kept.
func (f Fields) Emptied() Fields { return emptied(f, Field{garbage, garbage}) }

func (q Query) emptied() Query {
	return emptied(q, Param{RawName: garbage, RawValue: garbage, Name: garbage, Value: garbage})
}

func emptied[T any](used []T, with T) []T {
	if cap(used) > maxKept {
		return nil
	}
	used = used[:cap(used)]
	for i := range used {
		used[i] = with
	}
	return used[:0]
}
