//! Two hundred tasks: what each of them adds to a binary, against `trivial`.

use nebulakit::prelude::*;

macro_rules! tasks {
    ($($name:ident)*) => {$(
        /// Joins a text and a number.
        #[task(retries = 1, timeout = "5m")]
        fn $name(text: String, number: i64) -> anyhow::Result<String> {
            anyhow::ensure!(number >= 0, "{number} is negative");
            Ok(format!("{text}{number}"))
        }
    )*};
}

tasks! {
    task_000 task_001 task_002 task_003 task_004 task_005 task_006 task_007 task_008 task_009
    task_010 task_011 task_012 task_013 task_014 task_015 task_016 task_017 task_018 task_019
    task_020 task_021 task_022 task_023 task_024 task_025 task_026 task_027 task_028 task_029
    task_030 task_031 task_032 task_033 task_034 task_035 task_036 task_037 task_038 task_039
    task_040 task_041 task_042 task_043 task_044 task_045 task_046 task_047 task_048 task_049
    task_050 task_051 task_052 task_053 task_054 task_055 task_056 task_057 task_058 task_059
    task_060 task_061 task_062 task_063 task_064 task_065 task_066 task_067 task_068 task_069
    task_070 task_071 task_072 task_073 task_074 task_075 task_076 task_077 task_078 task_079
    task_080 task_081 task_082 task_083 task_084 task_085 task_086 task_087 task_088 task_089
    task_090 task_091 task_092 task_093 task_094 task_095 task_096 task_097 task_098 task_099
    task_100 task_101 task_102 task_103 task_104 task_105 task_106 task_107 task_108 task_109
    task_110 task_111 task_112 task_113 task_114 task_115 task_116 task_117 task_118 task_119
    task_120 task_121 task_122 task_123 task_124 task_125 task_126 task_127 task_128 task_129
    task_130 task_131 task_132 task_133 task_134 task_135 task_136 task_137 task_138 task_139
    task_140 task_141 task_142 task_143 task_144 task_145 task_146 task_147 task_148 task_149
    task_150 task_151 task_152 task_153 task_154 task_155 task_156 task_157 task_158 task_159
    task_160 task_161 task_162 task_163 task_164 task_165 task_166 task_167 task_168 task_169
    task_170 task_171 task_172 task_173 task_174 task_175 task_176 task_177 task_178 task_179
    task_180 task_181 task_182 task_183 task_184 task_185 task_186 task_187 task_188 task_189
    task_190 task_191 task_192 task_193 task_194 task_195 task_196 task_197 task_198 task_199
}

nebulakit::main!();
