"""Sentences for files handed in and for the owner's page."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "upload.empty": "“{name}”是空文件。请重新选择或重新拍照。",
    "upload.too_large": "“{name}”超过 {most} MB。请压缩或分成几个文件后再上传。",
    "upload.too_many": "一次最多上传 {most} 个文件。请去掉一些后再提交。",
    "upload.name": "文件名不能用（为空，或含有路径符号）。请改成普通的名字后再上传。",
    "upload.kind": "“{name}”不是可以接收的文件。请上传 {kinds}；其他文件请拍照或导出后再上传。",
    "upload.heic": "“{name}”是 HEIC 照片，这里打不开。请在手机“设置 › 相机 › 格式”里选“兼容性最佳”后重拍，或截图上传。",
    "upload.mismatch": "“{name}”的内容与它的名字不符。请用原来的程序打开后重新保存，再上传。",
    "upload.two_in_one": "“{name}”里夹带了别的内容，为安全起见不接收。请重新拍照或重新导出后再上传。",
    "upload.broken": "“{name}”不完整或已损坏，打不开。请重新拍照、扫描或导出后再上传。",
    "upload.too_many_pixels": "“{name}”的尺寸过大（超过 {most} 百万像素）。请缩小后再上传。",
    "upload.unpacks_too_large": "“{name}”展开后过大，不能接收。请导出成 PDF 后再上传。",
    "upload.macros": "“{name}”带有宏，不能接收。请另存为不带宏的文件，或导出成 PDF 后再上传。",
}
