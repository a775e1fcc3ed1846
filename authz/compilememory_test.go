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
	numbered := func(format string, n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(list, ",")
	}
	doc := compilable(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[`+numbered(`"a:%x"`, 380)+
		`],"Resource":"*","Condition":{"StringEquals":{`+numbered(`"a:%x":""`, 250)+`}}}]}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d := authz.Compile(doc)
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(300*doc.Length); got > most {
		t.Errorf("a document of %d characters takes %d bytes to compile, more than %d", doc.Length, got, most)
	}
	runtime.KeepAlive(d)
}

func compilable(t *testing.T, text string) *policy.Document {
	t.Helper()
	doc, findings := policy.Parse(policy.Identity, "wide.json", []byte(text))
	if doc == nil {
		t.Fatal(findings)
	}
	if doc.Size > policy.MaxManagedSize {
		t.Fatalf("%d characters", doc.Size)
	}
	return doc
}
