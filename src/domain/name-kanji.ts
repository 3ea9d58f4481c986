/**
 * Kanji that one person's name is written with in different systems (人名異体字), for match keys only; what is shown and
 * sent keeps its exact characters.
 *
 * Each group starts with the character that stands for all. A group holds the forms of one character: old and new form
 * (澤 沢), handwriting forms that family registers keep (髙 﨑 𠮷), and radicals that text copied from PDF files holds.
 * Different characters stay different even where people mix them up: 斉 (齊) and 斎 (齋), 崎 and 埼, 太 and 大, 阿部 and
 * 安倍: a key that made them one would call two people one. Other compatibility forms (塚 神 福 …) fall together under
 * Unicode's own normalisation (NFKC) and need no entry.
 */
const GROUPS =
  '高髙 崎﨑嵜 吉𠮷 浜濱濵 辺邊邉 斉齊⻫ 斎齋 沢澤 広廣 桜櫻 国國圀 島嶋嶌 富冨 恵惠 徳德 塩鹽 関關 竜龍⻯ 滝瀧 万萬 与與 亀龜⻲ 児兒 ' +
  '円圓 剣劍劔 寿壽 実實 将將 峰峯 巌巖 弥彌 応應 栄榮 槙槇 横橫 歩步 渓溪 瀬瀨 為爲 真眞 礼禮 祢禰 稲稻 穂穗 緑綠 総總 緒緖 芦蘆 ' +
  '蔵藏 薫薰 蛍螢 衛衞 豊豐 遥遙 郎郞 鉄鐵銕 静靜 頼賴 顕顯 鶴靏靍鸖 鴎鷗 黒黑 黄黃⻩ 土圡 柳栁桺 桑桒 船舩 館舘 兎兔 来來 条條 楽樂 ' +
  '学學斈 戸戶 曽曾 増增 荘莊 彦彥 清淸 桧檜 淵渕渊 砺礪 尭堯 晋晉 穣穰 奥奧 壮壯 団團 聡聰 恒恆 悦悅 暁曉 晃晄 渋澁澀 灯燈 猪豬 瑶瑤 ' +
  '禄祿 経經 縁緣 虎乕 覚覺 誉譽 譲讓 録錄 麦麥 麹麴 野埜 岳嶽 会會 仏佛 伝傳 勲勳勛 卯夘 宝寶寳 巣巢 様樣 欧歐 満滿 湾灣 当當 県縣 禅禪 ' +
  '糸絲 継繼 芸藝 隣鄰 凛凜 双雙 声聲 写寫 尽盡 帯帶 従從 懐懷 戦戰 撃擊 梅楳 柏栢 松枩 杉椙 橋𣘺 称稱 粋粹 茎莖 虫蟲 転轉 辞辭 ' +
  '鋭銳 長⻑ 角⻆ 青⻘ 西⻄ 闘鬪 霊靈 点點 党黨 画畫 昼晝 検檢 権權 験驗 観觀 歓歡 勧勸 労勞 営營 沖冲 涼凉 況况 曳曵 蛎蠣 蝿蠅 ' +
  '鯵鰺 鴬鶯 鹸鹼 薮藪 籠篭 諌諫 賎賤 祷禱 挙擧 拝拜 摂攝 乗乘 仮假 価價 倹儉 処處 剰剩 厳嚴 収收 叙敍 呉吳 喜㐂 器噐 嘱囑';

const CANONICAL: ReadonlyMap<string, string> = new Map(
  GROUPS.split(' ').flatMap((group) => {
    const [first = '', ...others] = [...group];
    return others.map((other): [string, string] => [other, first]);
  }),
);

const FOLDED = new RegExp(`[${[...CANONICAL.keys()].join('')}]`, 'gu');

/** Folds the forms of one kanji to one character. For match keys only. */
export function foldNameKanji(text: string): string {
  return text.replace(FOLDED, (kanji) => CANONICAL.get(kanji) ?? kanji);
}
