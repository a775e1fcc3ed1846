package main

import (
	"testing"
	"testing/fstest"
)

// TestContainerMemory: the least limit of the process's control group and those it
// is in holds, in both versions, and what cannot be read is none.
func TestContainerMemory(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  int64 // 0: none
	}{
		{"no control groups", nil, 0},
		{"a container", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "134217728\n"}, 128 * mib},
		{"no limit", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0},
		{"a service", map[string]string{
			"proc/self/cgroup":                                        "0::/system.slice/sallyport.service\n",
			"sys/fs/cgroup/system.slice/memory.max":                   "max\n",
			"sys/fs/cgroup/system.slice/sallyport.service/memory.max": "67108864\n",
		}, 64 * mib},
		{"a limit around it", map[string]string{
			"proc/self/cgroup":             "0::/a/b\n",
			"sys/fs/cgroup/a/memory.max":   "33554432\n",
			"sys/fs/cgroup/a/b/memory.max": "67108864\n",
		}, 32 * mib},
		{"version 1", map[string]string{
			"proc/self/cgroup":                             "12:cpu,cpuacct:/a\n4:memory:/a\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":   "9223372036854771712\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "134217728\n",
		}, 128 * mib},
		{"version 1, the path is that of the host", map[string]string{
			"proc/self/cgroup":                           "4:memory:/kubepods/pod1/2\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "134217728\n",
		}, 128 * mib},
		{"version 1, no limit", map[string]string{
			"proc/self/cgroup":                           "4:memory:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 0},
		{"a path that leaves the tree", map[string]string{"proc/self/cgroup": "0::/../../x\n", "sys/fs/cgroup/memory.max": "134217728\n"}, 128 * mib},
		{"nonsense", map[string]string{"proc/self/cgroup": "0\n::\nmemory\n0::/\n", "sys/fs/cgroup/memory.max": "-1\n"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := fstest.MapFS{}
			for name, text := range tt.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			got, limited := containerMemory(root)
			if limited != (tt.want > 0) || limited && got != tt.want {
				t.Errorf("%d, %t; want %d", got, limited, tt.want)
			}
		})
	}
}
