package cgroup

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name      string
		mountinfo string
		want      []Hierarchy
		unified   bool
	}{{
		name: "v2",
		mountinfo: `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot`,
		want:    []Hierarchy{{Mount: "/sys/fs/cgroup", V2: true}},
		unified: true,
	}, {
		name: "v1 with an unused v2 beside it",
		mountinfo: `29 23 0:25 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755
30 29 0:26 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw,nsdelegate
31 29 0:27 / /sys/fs/cgroup/systemd rw shared:11 - cgroup cgroup rw,xattr,name=systemd
34 29 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:15 - cgroup cgroup rw,cpu,cpuacct
35 29 0:31 / /sys/fs/cgroup/cpuset rw shared:16 - cgroup cgroup rw,cpuset,clone_children
36 29 0:32 / /sys/fs/cgroup/pids rw shared:17 - cgroup cgroup rw,pids,release_agent=/x`,
		want: []Hierarchy{
			{Mount: "/sys/fs/cgroup/unified", V2: true},
			{Mount: "/sys/fs/cgroup/systemd", Controllers: []string{"name=systemd"}},
			{Mount: "/sys/fs/cgroup/cpu,cpuacct", Controllers: []string{"cpu", "cpuacct"}},
			{Mount: "/sys/fs/cgroup/cpuset", Controllers: []string{"cpuset"}},
			{Mount: "/sys/fs/cgroup/pids", Controllers: []string{"pids"}},
		},
	}, {
		name:      "mounts elsewhere and broken lines are none of ours",
		mountinfo: "30 23 0:26 / /mnt/cgroup rw - cgroup2 cgroup2 rw\n\nnonsense\n1 2 - x",
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(strings.NewReader(tt.mountinfo))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
			if Unified(got) != tt.unified {
				t.Errorf("unified: %v, want %v", Unified(got), tt.unified)
			}
		})
	}
}

func TestSubgroupsListsParentsFirst(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "kubepods", "pod1", "container")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := subgroups(root)
	if err != nil || len(got) != 4 || got[0] != root || got[3] != deep {
		t.Errorf("subgroups = %q, %v", got, err)
	}
	if gone, err := subgroups(filepath.Join(root, "none")); err != nil || len(gone) != 0 {
		t.Errorf("a missing group gave %q, %v", gone, err)
	}
}
