package bundle_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/bundle"
)

// large is a bundle of users with an inline policy of ten statements and a key
// each.
func large(users int) files {
	statement := `{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::bucket-%d-%d/*", "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}`
	all := files{"bundle/bundle.yaml": small["bundle/bundle.yaml"]}
	var keys strings.Builder
	keys.WriteString("keys:\n")
	for i := range users {
		name := fmt.Sprintf("bundle/accounts/111122223333/users/user%d", i)
		all[name+".yaml"] = fmt.Sprintf("id: AIDAUSER%08dEXAMPLE\ntags: {team: storage}\n", i)
		var list []string
		for j := range 10 {
			list = append(list, fmt.Sprintf(statement, i, j))
		}
		all[name+"/own.json"] = `{"Version": "2012-10-17", "Statement": [` + strings.Join(list, ",\n") + "]}"
		keys.WriteString(strings.TrimPrefix(keyLine(fmt.Sprintf("AKIAUSER%08dEXAMPLE", i), fmt.Sprintf("user%d", i)), "keys:\n"))
	}
	all["keys.yaml"] = keys.String()
	return all
}

// BenchmarkLoad reads, checks and compiles bundles from scratch.
func BenchmarkLoad(b *testing.B) {
	for _, users := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("statements=%d", users*10), func(b *testing.B) {
			directory := b.TempDir()
			large(users).write(b, directory)
			o := options(b, directory)
			for b.Loop() {
				if s, findings := bundle.Load(o); s == nil {
					b.Fatal(findings[0])
				}
			}
		})
	}
}

// BenchmarkChange measures from the write of one file to the moment when it is in
// force, the quiet time of 250 ms included.
func BenchmarkChange(b *testing.B) {
	for _, users := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("statements=%d", users*10), func(b *testing.B) {
			s := watch(b, large(users))
			status := s.generation(1)
			for i := 0; b.Loop(); i++ {
				files{"bundle/accounts/111122223333/users/user1.yaml": fmt.Sprintf("id: AIDAUSER%08dEXAMPLE\ntags: {n: \"%d\"}\n", 1, i)}.write(b, s.directory)
				for generation := status.Generation; s.Status().Generation == generation; time.Sleep(time.Millisecond) {
				}
				status = s.Status()
			}
		})
	}
}

// BenchmarkBuild makes snapshots of readings of 10,000 users with ten statements
// each: the first one, and one after the policy of a user was edited.
func BenchmarkBuild(b *testing.B) {
	const users = 10_000
	directory := b.TempDir()
	large(users).write(b, directory)
	o := options(b, directory)
	o.Routes = []bundle.Route{{Name: "main", Actions: s3.Actions(), Fills: func(action, key string) bool {
		return key == "aws:sourceip" || s3.Fills(action, key)
	}}}
	build := func(b *testing.B, l bundle.Loader, in *bundle.Input) {
		if s, findings := l.Build(in); s == nil {
			b.Fatal(findings[0])
		}
	}
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			b.StopTimer()
			l := bundle.NewLoader(o)
			in := l.Read()
			runtime.GC()
			b.StartTimer()
			build(b, l, in)
		}
	})
	b.Run("edited", func(b *testing.B) {
		b.ReportAllocs()
		l := bundle.NewLoader(o)
		build(b, l, l.Read())
		b.ResetTimer()
		for i := range b.N {
			b.StopTimer()
			files{"bundle/accounts/111122223333/users/user1/own.json": allow(fmt.Sprintf("s3:Get%d", i))}.write(b, directory)
			in := l.Read()
			runtime.GC()
			b.StartTimer()
			build(b, l, in)
		}
	})
}

// BenchmarkCredential looks keys up in a large bundle.
func BenchmarkCredential(b *testing.B) {
	s := large(10_000).mustLoad(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := s.Credential("AKIAUSER00004711EXAMPLE"); !ok {
			b.Fatal("no credential")
		}
	}
}

// BenchmarkReadAgain reads a bundle of 10,000 users again, of which nothing, or one
// file, has changed.
func BenchmarkReadAgain(b *testing.B) {
	directory := b.TempDir()
	large(10_000).write(b, directory)
	later, passed := time.Hour, time.Duration(0)
	r := bundle.NewRereader(options(b, directory), &later, &passed)
	r.Read()
	b.ReportAllocs()
	for b.Loop() {
		r.Read()
	}
}
