package inprocess

import (
	"fmt"
	"net/http"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
	"github.com/sallyport-iam/sallyport/wire"
)

// mapped is a request that is mapped: a row of the table.
type mapped struct {
	name string
	fleet.Request
	// fields are further ones of its head, body what it is decided from.
	fields []string
	body   []byte
	// want is the number of accesses.
	want int
	// simple requests have a goal.
	simple bool
}

// mappedRequests are those that are common, and the longest one there is.
func mappedRequests() []mapped {
	object := fleet.Home(0) + "2026/07/01/part-00017.parquet"
	get := func(path string) fleet.Request {
		return fleet.Request{Method: http.MethodGet, Path: path, Hash: fleet.EmptyHash}
	}
	put := func(path string) fleet.Request {
		return fleet.Request{Method: http.MethodPut, Path: path, Hash: fleet.UnsignedPayload, Size: fleet.ObjectSize}
	}
	const keys = 1_000
	return []mapped{
		{"GetObject", get(object), nil, nil, 1, true},
		{"GetObject of a version, escaped", get(fleet.Home(0) + "2026/07%2F01/part%2000017.parquet?versionId=v1"), nil, nil, 1, true},
		{"HeadObject", fleet.Request{Method: http.MethodHead, Path: object, Hash: fleet.EmptyHash}, nil, nil, 1, true},
		{"ListObjectsV2 with a prefix", get("/" + fleet.Bucket + "?list-type=2&prefix=home%2Fu0%2F&delimiter=%2F&max-keys=1000"), nil, nil, 1, true},
		{"PutObject", put(object + "?x-id=PutObject"), []string{"x-amz-checksum-crc32: AAAAAA==", "x-amz-sdk-checksum-algorithm: CRC32"}, nil, 1, true},
		{"PutObject with tags and an ACL", put(object), []string{"x-amz-tagging: team=a&project=b", "x-amz-acl: private"}, nil, 3, false},
		{"UploadPart", put(object + "?partNumber=7&uploadId=abcdef"), nil, nil, 1, true},
		{"DeleteObject", fleet.Request{Method: http.MethodDelete, Path: object, Hash: fleet.EmptyHash}, nil, nil, 1, true},
		{"CopyObject", fleet.Request{Method: http.MethodPut, Path: object, Hash: fleet.EmptyHash}, []string{"x-amz-copy-source: " + fleet.Bucket + "/home/u1/2026/q1.csv"}, nil, 2, false},
		{"DeleteObjects of 1,000 keys", fleet.Request{Method: http.MethodPost, Path: "/" + fleet.Bucket + "?delete", Hash: fleet.EmptyHash}, nil, manyKeys(keys), keys, false},
	}
}

// The goal of a simple request.
const goalMap = 1500.0 // nanoseconds

func measureMapper(o measure.Options, r *report.Report) error {
	mapper := s3.New(s3.Options{StrictKeys: true, ObjectTags: true})
	rows := mappedRequests()
	subjects := make([]measure.Subject, len(rows))
	for i := range rows {
		req, err := signed(rows[i].Request, rows[i].fields...)
		if err != nil {
			return fmt.Errorf("%s: %w", rows[i].name, err)
		}
		got, err := mapOnce(mapper, req, rows[i].body)
		if err != nil {
			return fmt.Errorf("%s: %w", rows[i].name, err)
		}
		if got != rows[i].want {
			return fmt.Errorf("%s: %d accesses, want %d", rows[i].name, got, rows[i].want)
		}
		subjects[i] = measure.Subject{Name: rows[i].name, Do: func(n int) {
			for range n {
				if _, err := mapOnce(mapper, req, rows[i].body); err != nil {
					panic(err)
				}
			}
		}}
	}
	var cells [][]string
	for i, s := range measure.Run(subjects, o) {
		time := s.Time()
		var goals []report.Goal
		if rows[i].simple {
			goals = []report.Goal{{What: "a simple request is mapped", Case: s.Name, Measured: time, Unit: report.Duration, Bound: goalMap}}
		}
		r.Goals = append(r.Goals, goals...)
		cells = append(cells, []string{
			s.Name, report.Count(rows[i].want), report.Duration(time.Median) + " ±" + report.Percent(time.Spread),
			report.Count(int(s.Allocations + 0.5)), report.Cell(goals...),
		})
	}
	r.Text += "### Which accesses a request amounts to\n\n" +
		report.Table([]string{"request", "accesses", "time", "allocations", "goal"}, cells) + "\n"
	return nil
}

// mapOnce recognises and maps a request, and counts its accesses.
func mapOnce(mapper *s3.Mapper, req *wire.Request, body []byte) (int, error) {
	at := place()
	op, refusal := mapper.Recognise(req, at)
	if refusal != nil {
		return 0, refusal
	}
	m, refusal := mapper.Map(req, &op, at, body)
	if refusal != nil {
		return 0, refusal
	}
	accesses := len(m.Accesses)
	op.Release() // as the enforcement point does
	return accesses, nil
}
