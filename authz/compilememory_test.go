package authz_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// TestCompile_memoryOfActionsAndKeys compiles one statement of many actions and
// many condition keys, of the size of a managed policy. What is known of the keys
// must not be kept once for each action.
func TestCompile_memoryOfActionsAndKeys(t *testing.T) {
	doc := compilable(t, actionsAndKeys(380, 250))
	if doc.Size > policy.MaxManagedSize {
		t.Fatalf("%d characters", doc.Size)
	}
	if got, most := allocated(func() { authz.Compile(doc) }), uint64(300*doc.Length); got > most {
		t.Errorf("a document of %d characters takes %d bytes to compile, more than %d", doc.Length, got, most)
	}
}

// TestAppendKey_memoryOfActionsAndKeys asks for every action of such statements,
// alone and beside others.
func TestAppendKey_memoryOfActionsAndKeys(t *testing.T) {
	const actions = 200
	one := actionsAndKeys(actions, 250)
	own := one[:len(one)-1] + "," + repeated(actions, `{"Effect":"Deny","Action":"a:%x","Resource":"*","Condition":{"Null":{"b:%[1]x":"true"}}}`) + "]"
	for name, text := range map[string]string{"one": one, "two alike": one[:len(one)-1] + "," + one[1:], "one for each beside it": own} {
		doc := compilable(t, text)
		c, a := alice(authz.NewPolicies(authz.Compile(doc))), object()
		key := make([]byte, 0, 1<<20)
		got := retained(func() {
			for i := range actions {
				a.Action = fmt.Sprintf("a:%x", i)
				if _, ok := authz.AppendKey(key, c, &authz.Request{}, a); !ok {
					t.Fatal("no key")
				}
			}
		})
		if most := 100*int64(doc.Length) + 1<<19; got > most {
			t.Errorf("%s: %d bytes are kept of a document of %d, more than %d", name, got, doc.Length, most)
		}
		runtime.KeepAlive(c)
	}
}

// TestCompile_memoryFollowsText compiles documents of one shape, of which one is
// four times as long.
func TestCompile_memoryFollowsText(t *testing.T) {
	const size = 64 << 10
	// A shape makes the statements of a document of about a size.
	statement := func(actions, resources, conditions string) string {
		return `[{"Effect":"Allow","Action":` + actions + `,"Resource":` + resources + `,"Condition":{` + conditions + `}}]`
	}
	entries := func(size int, entry string) string { return repeated(size/len(fmt.Sprintf(entry, size)+","), entry) }
	const every, reads = `"*"`, `"Null":{"a:b":"true"}`
	variables := func(size int) string { return strings.ReplaceAll(entries(size, "${a:%x}"), ",", "") }
	defaults := func(size int) string { return strings.ReplaceAll(entries(size, "${a:b; '%x'}"), ",", "") }
	shapes := map[string]func(size int) string{
		"keys": func(size int) string {
			return statement(every, every, `"StringEquals":{`+entries(size, `"a:%x":""`)+`}`)
		},
		"actions":       func(size int) string { return statement(`[`+entries(size, `"a:%x"`)+`]`, every, reads) },
		"other actions": func(size int) string { return statement(`[`+entries(size, `"a:%x*"`)+`]`, every, reads) },
		"actions, keys": func(size int) string { return actionsAndKeys(size/16, size/22) },
		"resources": func(size int) string {
			return statement(every, `[`+entries(size, `"arn:aws:s3:::%x${a:%[1]x}"`)+`]`, reads)
		},
		"one variable": func(size int) string { return statement(every, `"arn:aws:s3:::`+variables(size)+`"`, reads) },
		"text":         func(size int) string { return statement(every, every, `"StringEquals":{"a:b":"`+variables(size)+`"}`) },
		"defaults": func(size int) string {
			return statement(every, every, `"StringEquals":{"a:b":"`+strings.ReplaceAll(defaults(size), ";", ",")+`"}`)
		},
		"any case": func(size int) string {
			return statement(every, every, `"StringNotEqualsIgnoreCase":{"a:b":"`+variables(size)+`"}`)
		},
		"globs": func(size int) string { return statement(every, every, `"StringLike":{"a:b":"*`+variables(size)+`*"}`) },
		"ARNs": func(size int) string {
			return statement(every, every, `"ArnLike":{"a:b":"arn:aws:s3:`+variables(size)+`::k"}`)
		},
		"literals": func(size int) string {
			return statement(every, every, `"StringEquals":{"a:b":"`+strings.Repeat("${*}", size/4)+`"}`)
		},
		"thresholds": func(size int) string {
			return statement(every, every, `"NumericLessThan":{"s3:signatureAge":[`+entries(size/2, `"%d"`)+`]},"NumericEquals":{"s3:signatureAge":[`+entries(size/2, `"%d"`)+`]}`)
		},
		"statements": func(size int) string {
			return `[` + entries(size, `{"Effect":"Deny","Action":"a:%x","Resource":"*","Condition":{"Null":{"b:%[1]x":"true"}}}`) + `]`
		},
		"one key": func(size int) string {
			return `[` + entries(size, `{"Effect":"Deny","Action":"a:b","Resource":"*","Condition":{"NumericEquals":{"s3:signatureAge":"%d"}}}`) + `]`
		},
	}
	for name, shape := range shapes {
		short, long := compilable(t, shape(size)), compilable(t, shape(4*size))
		if long.Length < 3*size || long.Length > 6*size {
			t.Fatalf("%s: %d bytes are not %d", name, long.Length, 4*size)
		}
		few, many := allocated(func() { authz.Compile(short) }), allocated(func() { authz.Compile(long) })
		if most := 6*few + 1<<20; many > most || many > 500*uint64(long.Length) {
			t.Errorf("%s: %d bytes take %d to compile, and %d take %d", name, short.Length, few, long.Length, many)
		}
	}
}

// actionsAndKeys is one statement.
func actionsAndKeys(actions, keys int) string {
	return `[{"Effect":"Allow","Action":[` + repeated(actions, `"a:%x"`) + `],"Resource":"*","Condition":{"StringEquals":{` + repeated(keys, `"a:%x":""`) + `}}}]`
}

// repeated is n entries with their numbers.
func repeated(n int, entry string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(entry, i)
	}
	return strings.Join(list, ",")
}

// allocated is how many bytes something allocates, retained how many of them
// stay.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func retained(do func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	do()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

func compilable(t *testing.T, statements string) *policy.Document {
	t.Helper()
	doc, findings := policy.Parse(policy.Identity, "wide.json", []byte(`{"Version":"2012-10-17","Statement":`+statements+`}`))
	if doc == nil {
		t.Fatal(findings)
	}
	return doc
}
