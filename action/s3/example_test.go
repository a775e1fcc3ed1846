package s3_test

import (
	"fmt"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/wire"
)

func Example() {
	req := &wire.Request{Method: "PUT", Path: "/reports/2026/q1.csv", Fields: wire.Fields{
		{Name: "x-amz-copy-source", Value: "archive/q1.csv?versionId=v1"},
		{Name: "x-amz-acl", Value: "private"},
	}}
	place := action.Place{
		Route: "main", Partition: "aws",
		Owner: func(_, _ string) (string, bool) { return "111122223333", true },
	}
	mapper := s3.New(s3.Options{})
	op, refusal := mapper.Recognise(req, place)
	if refusal != nil {
		fmt.Println(refusal)
		return
	}
	mapped, refusal := mapper.Map(req, &op, place, nil)
	if refusal != nil {
		fmt.Println(refusal)
		return
	}
	fmt.Println(op.Name)
	for _, a := range mapped.Accesses {
		fmt.Println(a.Action, a.Resource)
	}
	// Output:
	// CopyObject
	// s3:PutObject arn:aws:s3:::reports/2026/q1.csv
	// s3:PutObjectAcl arn:aws:s3:::reports/2026/q1.csv
	// s3:GetObjectVersion arn:aws:s3:::archive/q1.csv
}
