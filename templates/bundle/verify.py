#!/usr/bin/env python3
"""核对案卷包：逐个文件核对哈希、证据链、默克尔树证明、时间戳摘要和 PDF 签章摘要，不联网，只用 Python 标准库。

用法：python verify.py 案卷包.zip        （或把本文件放在解压后的文件夹里直接运行：python verify.py）
退出状态：0 全部一致；1 有不一致；2 用法不对。
"""

import hashlib
import io
import json
import os
import re
import sys
import zipfile

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
SEAL = "seal/"
GENESIS = "0" * 64
STAMP = (1980, 1, 1, 0, 0, 0)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Report:
    def __init__(self):
        self.checked = 0
        self.problems = []

    def say(self, where, what):
        if (where, what) not in self.problems:
            self.problems.append((where, what))


def read_zip(raw, report):
    """读出压缩包里的每个文件；读不出的指名。"""
    files = {}
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        report.say("压缩包", "目录损坏，打不开（%s）" % type(error).__name__)
        return files
    with archive:
        for entry in archive.infolist():
            if entry.filename in files:
                report.say(entry.filename, "压缩包里有两个同名文件")
                continue
            if entry.compress_type != zipfile.ZIP_STORED:
                report.say(entry.filename, "存放方式被改动")
                continue
            try:
                files[entry.filename] = archive.read(entry)
            except Exception as error:  # noqa: BLE001 - 任何读不出的情形都要指名
                report.say(entry.filename, "内容被改动，读不出来（%s）" % type(error).__name__)
    return files


def read_folder(folder):
    files = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            key = os.path.relpath(path, folder).replace(os.sep, "/")
            if "__pycache__" not in key:
                with open(path, "rb") as file:
                    files[key] = file.read()
    return files


def rebuilt(files, order):
    """按固定格式重新写出压缩包：同样的内容必得同样的字节。"""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in order:
            entry = zipfile.ZipInfo(name, STAMP)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


def owner_of(offset, files, order):
    """压缩包里某个位置属于哪个文件。"""
    at = 0
    for name in order:
        at += 30 + len(name.encode("utf-8")) + len(files[name])
        if offset < at:
            return name
    for name in order:
        at += 46 + len(name.encode("utf-8"))
        if offset < at:
            return name
    return "压缩包"


def check_layout(raw, files, order, report):
    expected = rebuilt(files, order)
    if expected == raw:
        return
    for offset in range(max(len(raw), len(expected))):
        if raw[offset : offset + 1] != expected[offset : offset + 1]:
            report.say(owner_of(offset, files, order), "压缩包在第 %d 字节处被改动（文件内容之外）" % offset)
            return


def read_sums(files, report):
    """读 SHA256SUMS；它自己的最后一行是前面各行的哈希。"""
    if SUMS not in files:
        report.say(SUMS, "缺少这个文件")
        return {}
    body, mark, last = files[SUMS].rpartition(b"# ")
    if not mark or last.strip().decode("ascii", "replace") != sha256(body) or last != last.strip() + b"\n":
        report.say(SUMS, "内容被改动（与自身校验行不一致）")
        return {}
    found = {}
    for line in body.decode("utf-8").splitlines():
        digest, _, name = line.partition("  ")
        found[name] = digest
    return found


def read_manifest(files, report):
    """读清单；清单里的 self 是其余内容的哈希。"""
    if MANIFEST not in files:
        report.say(MANIFEST, "缺少这个文件")
        return None
    try:
        manifest = json.loads(files[MANIFEST].decode("utf-8"))
        rest = {name: value for name, value in manifest.items() if name != "self"}
        if manifest["self"] != sha256(canonical(rest).encode("utf-8")):
            raise ValueError
        if (canonical(manifest) + "\n").encode("utf-8") != files[MANIFEST]:
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        report.say(MANIFEST, "内容被改动（与自身哈希不一致）")
        return None
    return manifest


def check_files(files, manifest, sums, report):
    listed = {one["path"]: one for one in manifest["files"]} if manifest else {}
    for name in sorted(set(files) | set(listed) | set(sums)):
        if name in (SUMS, MANIFEST) and name in files:
            report.checked += 1
            if name == MANIFEST and manifest and sums and sums.get(name) != sha256(files[name]):
                report.say(name, "与 SHA256SUMS 不一致")
            continue
        if name not in files:
            if not any(where == name for where, _ in report.problems):
                report.say(name, "缺少这个文件")
            continue
        report.checked += 1
        digest = sha256(files[name])
        expected = listed[name]["sha256"] if name in listed else sums.get(name)
        if expected is None:
            if manifest and sums:
                report.say(name, "清单里没有这个文件")
        elif expected != digest:
            report.say(name, "内容被改动：哈希与清单不一致")
        elif name in listed and listed[name]["size"] != len(files[name]):
            report.say(name, "大小与清单不一致")
        sm3 = listed.get(name, {}).get("sm3")
        if sm3 and expected == digest and "sm3" in hashlib.algorithms_available:
            if hashlib.new("sm3", files[name]).hexdigest() != sm3:
                report.say(name, "SM3 哈希与清单不一致")


def leaf_hash(text):
    return hashlib.sha256(b"\x00" + text.encode("utf-8")).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def merkle_root(leaves):
    level = [leaf_hash(text) for text in leaves]
    if not level:
        return sha256(b"")
    while len(level) > 1:
        above = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0].hex()


def check_tree(manifest, report):
    leaves = ["%s  %s" % (one["sha256"], one["path"]) for one in manifest["files"]]
    if merkle_root(leaves) != manifest["files_root"]:
        report.say(MANIFEST, "文件哈希的默克尔树根不一致")


def check_chain(files, path, report):
    """证据链：每一条的哈希由上一条的哈希和本条内容算出。"""
    if path not in files:
        return
    try:
        chain = json.loads(files[path].decode("utf-8"))
        entries, roots = chain["entries"], chain["roots"]
        check_links(entries, roots, files, path, report)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        report.say(path, "读不出证据链")


def check_links(entries, roots, files, path, report):
    """逐条核对证据链和每日根；内容读不通时由调用处说明。"""
    prev, seq = None, None
    heads = {}
    for one in entries:
        where = "%s 第 %s 条" % (path, one["seq"])
        if one["hash"] != sha256(("%s\n%s" % (one["prev_hash"] or GENESIS, one["text"])).encode("utf-8")):
            report.say(where, "证据链断裂：内容与哈希不符")
        if prev is not None and (one["prev_hash"] != prev or one["seq"] != seq + 1):
            report.say(where, "证据链断裂：接不上前一条")
        if seq is None and one["seq"] == 1 and one["prev_hash"] != GENESIS:
            report.say(where, "证据链断裂：第一条不是起点")
        prev, seq = one["hash"], one["seq"]
        heads[seq] = prev
        report.checked += 1
    for one in roots:
        check_root(one, heads, files, path, report)


def check_root(root, heads, files, path, report):
    where = "%s 每日根 %s" % (path, root["day"])
    found = leaf_hash(root["leaf"])
    for step in root["proof"]:
        other = bytes.fromhex(step["sha256"])
        found = node_hash(other, found) if step["is_left"] else node_hash(found, other)
    if found.hex() != root["merkle_root"]:
        report.say(where, "默克尔树证明不成立")
    count, head = json.loads(root["leaf"])["evidence"]
    if count in heads and heads[count] != head:
        report.say(where, "与证据链对不上")
    if root.get("text") and sha256(("%s\n%s" % (root["prev_hash"] or GENESIS, root["text"])).encode()) != root["hash"]:
        report.say(where, "每日根的哈希不一致")
    for name in root.get("tokens", []):
        if name in files and bytes.fromhex(root["stamped"]) not in files[name]:
            report.say(name, "时间戳里的摘要不是这一日的根")
    report.checked += 1


def check_seals(name, pdf, report):
    """PDF 签章：按 ByteRange 重算摘要，与签章里的 messageDigest 比较。"""
    spans = list(re.finditer(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf))
    for place, found in enumerate(spans, 1):
        a, b, c, d = (int(one) for one in found.groups())
        if a != 0 or c <= b or c + d > len(pdf):
            report.say(name, "第 %d 个签章的范围不对" % place)
            continue
        contents = pdf[b:c].strip(b"<> \r\n").rstrip(b"0")
        try:
            der = bytes.fromhex((contents + b"0" * (len(contents) % 2)).decode("ascii"))
        except ValueError:
            report.say(name, "第 %d 个签章读不出来" % place)
            continue
        covered = pdf[a : a + b] + pdf[c : c + d]
        digests = [hashlib.new(kind, covered).digest() for kind in ("sha256", "sha384", "sha512")]
        if not any(one in der for one in digests):
            report.say(name, "第 %d 个签章的摘要不一致：签章之后文件被改动" % place)
        report.checked += 1


def check(raw=None, folder=None):
    """返回 (核对了多少项, [(哪里, 什么问题)], 清单)。"""
    report = Report()
    files = read_zip(raw, report) if raw is not None else read_folder(folder)
    if not files:
        report.say("压缩包", "里面没有文件")
        return report.checked, report.problems, None
    order = list(files)
    sums = read_sums(files, report)
    manifest = read_manifest(files, report)
    check_files(files, manifest, sums, report)
    if manifest:
        check_tree(manifest, report)
        if sums and any(sums.get(one["path"]) != one["sha256"] for one in manifest["files"]):
            report.say(SUMS, "与清单不一致")
        check_chain(files, manifest.get("evidence", ""), report)
        token = files.get(SEAL + "manifest.tsr")
        if token is not None and bytes.fromhex(sha256(files[MANIFEST])) not in token:
            report.say(SEAL + "manifest.tsr", "时间戳里的摘要不是这份清单")
        if manifest.get("state") == "sealed" and not re.search(rb"/ByteRange", files.get(manifest["pdf"], b"")):
            report.say(manifest["pdf"], "应有签章而没有")
    if not report.problems:
        for name in order:
            if name.lower().endswith(".pdf"):
                check_seals(name, files[name], report)
    if raw is not None and not report.problems:
        check_layout(raw, files, order, report)
    return report.checked, report.problems, manifest


def main(arguments):
    if len(arguments) > 1 or (arguments and arguments[0] in ("-h", "--help")):
        print(__doc__)
        return 2
    try:
        if arguments and not os.path.isdir(arguments[0]):
            with open(arguments[0], "rb") as file:
                raw = file.read()
            print("文件 SHA-256：%s" % sha256(raw))
            checked, problems, manifest = check(raw=raw)
        else:
            folder = arguments[0] if arguments else os.path.dirname(os.path.abspath(__file__))
            checked, problems, manifest = check(folder=folder)
    except OSError as error:
        print("打不开：%s" % error)
        return 2
    if manifest:
        print("案件 %s（%s）" % (manifest["case"], "已封存" if manifest["state"] == "sealed" else "草稿，未封存"))
        print("清单 SHA-256 自校验 %s" % manifest["self"])
    for where, what in problems:
        print("不一致：%s：%s" % (where, what))
    print("核对 %d 项，%s" % (checked, "发现 %d 处不一致。" % len(problems) if problems else "全部一致。"))
    return 1 if problems else 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:]))
