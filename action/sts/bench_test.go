package sts_test

import (
	"testing"
)

// BenchmarkAssumeRole reads and maps an ordinary request, and the one with everything.
func BenchmarkAssumeRole(b *testing.B) {
	for name, form := range map[string]string{
		"plain": with("AssumeRole", assume),
		"full":  with("AssumeRole", assume+members("Tags.member.%d.Key=key%[1]d&Tags.member.%[1]d.Value=value", 50)+members("TransitiveTagKeys.member.%d=key%[1]d", 50)),
	} {
		b.Run(name, func(b *testing.B) {
			req := newRequest(b, "POST", "/", formFields...)
			b.ReportAllocs()
			for b.Loop() {
				op, _, r := read(mapper, req, form)
				if r != nil {
					b.Fatal(r)
				}
				if _, r := mapper.Map(req, &op, place(), nil); r != nil {
					b.Fatal(r)
				}
			}
		})
	}
}
