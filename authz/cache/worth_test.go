package cache_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/cache"
)

// shipped makes a cache that decides itself what to look up.
func shipped(tb testing.TB) *cache.Cache {
	tb.Helper()
	k, err := cache.New(cache.Options{MaxBytes: cache.MinBytes})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(k.Close)
	return k
}

// repeated is how a decision is come by when it has been asked for often.
func repeated(t *testing.T, k *cache.Cache, c *authz.Caller, r *authz.Request, a *authz.Access) string {
	t.Helper()
	for range 4 {
		k.Decide(1, c, r, a)
		k.Wait()
	}
	return asked(t, k, 1, c, r, a)
}

// on is n statements on a bucket, each for a network of its own.
func on(n int, effect, bucket string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`{"Effect":%q,"Action":"s3:GetObject","Resource":"arn:aws:s3:::%s/*","Condition":{"IpAddress":{"aws:SourceIp":"10.%d.0.0/16"}}}`, effect, bucket, i)
	}
	return strings.Join(list, ",")
}

// TestMinGain checks what the cache as it is shipped looks up.
func TestMinGain(t *testing.T) {
	t.Parallel()
	anywhere := `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::reports/*"}`
	tests := []struct {
		name, statements, want string
	}{
		{"one candidate", allow(``), "evaluated"},
		{"two conditions", allow(`"Bool":{"aws:SecureTransport":"true"},"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}`), "evaluated"},
		{"a list that an index searches", allow(`"StringNotEquals":{"aws:UserAgent":` + list(250, "browser/%d") + `}`), "evaluated"},
		{"patterns that begin with a wildcard", allow(`"StringNotLike":{"aws:UserAgent":` + list(20, "*browser/%d*") + `}`), "hit"},
		{"eight candidates, none of which allows", on(8, "Allow", "reports"), "hit"},
		{"eight candidates, none of which denies", on(8, "Deny", "reports") + "," + anywhere, "hit"},
		{"eight candidates, the first of which allows", anywhere + "," + on(8, "Allow", "reports"), "evaluated"},
		{"eight that cannot match", on(8, "Allow", "other") + "," + anywhere, "evaluated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := shipped(t)
			if got := repeated(t, k, alice(identity(t, tt.statements)), request(), object()); got != tt.want {
				t.Errorf("asked again, a decision is %s, want %s", got, tt.want)
			}
			if s := k.Stats(); tt.want == "evaluated" && s != (cache.Stats{}) {
				t.Errorf("something was looked up: %+v", s)
			}
		})
	}
}

// TestMinGain_steps checks from when on a decision is looked up, and that one
// which is asked for once is not.
func TestMinGain_steps(t *testing.T) {
	t.Parallel()
	k := shipped(t)
	c, r, a := alice(identity(t, on(8, "Allow", "reports"))), request(), object()
	for i, want := range []string{"evaluated", "miss", "miss", "hit", "hit"} {
		if got := asked(t, k, 1, c, r, a); got != want {
			t.Errorf("the decision number %d is a %s, want a %s", i, got, want)
		}
		k.Wait()
	}
	before := k.Stats()
	for i := range 100 {
		a.Resource = fmt.Sprintf("arn:aws:s3:::reports/never-again/%d", i)
		k.Decide(1, c, r, a)
	}
	if after := k.Stats(); after != before {
		t.Errorf("what never comes again is looked up: %+v, before %+v", after, before)
	}
}

// TestMinGain_verdict changes what evaluating takes for one and the same access,
// in both directions.
func TestMinGain_verdict(t *testing.T) {
	t.Parallel()
	k := shipped(t)
	c, r, a := alice(identity(t, `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:Referer":"x"}}}`, on(3, "Allow", "reports"), on(8, "Deny", "reports"))), request(), object()
	c.Boundary = c.Identity
	quick := request()
	quick.Keys.Set("aws:referer", "x") // denied at once
	steps := []struct {
		name string
		with *authz.Request
		want string
	}{
		{"quick at first", quick, "evaluated"},
		{"dear", r, "hit"},
		{"quick again", quick, "evaluated"},
		{"dear again", r, "hit"},
	}
	for _, s := range steps {
		if got := repeated(t, k, c, s.with, a); got != s.want {
			t.Errorf("%s: %s, want %s", s.name, got, s.want)
		}
	}
}

// TestMinGain_shortNames asks with names too short to tell apart by their ends.
func TestMinGain_shortNames(t *testing.T) {
	t.Parallel()
	k := shipped(t)
	c, r := alice(identity(t, strings.ReplaceAll(on(8, "Allow", "reports"), "s3:GetObject", "*"))), request()
	c.ARN = "nobody"
	for _, action := range []string{"a:B", "a:C", "s3:GetObject"} {
		a := object()
		a.Action = action
		if got := repeated(t, k, c, r, a); got != "hit" {
			t.Errorf("%s: %s", action, got)
		}
	}
}

// TestDecide_longKeys looks up what has no room in the usual buffers.
func TestDecide_longKeys(t *testing.T) {
	t.Parallel()
	k := open(t)
	c, r, a := alice(identity(t, allow(`"StringEquals":{"aws:UserAgent":"x"}`))), request(), object()
	for _, n := range []int{100, 1000, 10_000} {
		a.Resource = "arn:aws:s3:::reports/" + strings.Repeat("n", n)
		r.Keys.Set("aws:useragent", strings.Repeat("a", n))
		if got := repeated(t, k, c, r, a); got != "hit" {
			t.Errorf("%d bytes: %s", n, got)
		}
	}
}
